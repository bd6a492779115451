// Asks `sky serve --stdio` about one pupil, prints the next step, and shows an error. Java 17, nothing to install.
//
// Rules: one process for many requests; one line out, one line in; both ends speak UTF-8 whatever the machine's own encoding is.
// An application has a JSON library already; `text` below reads just enough for an example that needs none.

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class Client implements AutoCloseable {
    private final Process sky;
    private final BufferedWriter requests;
    private final BufferedReader answers;

    Client(String... command) throws IOException {
        sky = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        requests = new BufferedWriter(new java.io.OutputStreamWriter(sky.getOutputStream(), StandardCharsets.UTF_8));
        answers = new BufferedReader(new java.io.InputStreamReader(sky.getInputStream(), StandardCharsets.UTF_8));
    }

    /** The answer to one request, both as one line of JSON. For many threads: one client each, or this lock. */
    synchronized String ask(String request) throws IOException {
        requests.write(request);
        requests.write('\n');
        requests.flush();
        String answer = answers.readLine();
        if (answer == null) {
            throw new IOException("sky has ended; what it said stands on standard error");
        }
        return answer;
    }

    @Override
    public void close() throws IOException {
        requests.close(); // the end of the requests ends the process
    }

    /** The text of the first `key` after `from`, or "" if there is none or it is null. */
    static String text(String json, String from, String key) {
        int start = json.indexOf("\"" + from + "\":");
        Pattern wanted = Pattern.compile("\"" + key + "\":\"((?:[^\"\\\\]|\\\\.)*)\"");
        Matcher found = wanted.matcher(start < 0 ? "" : json.substring(start));
        return found.find() ? found.group(1).replace("\\\"", "\"").replace("\\\\", "\\") : "";
    }

    public static void main(String[] command) throws IOException {
        String[] sky = command.length > 0 ? command : new String[] {"sky", "serve", "--stdio"};
        String record = "{\"format\":1,\"pupil\":\"p-17\",\"feed\":{\"data_until\":\"2026-09-30\"},\"events\":["
            + "{\"type\":\"enrolment\",\"school\":\"s-3\",\"grade\":8,\"on\":\"2026-08-12\",\"calendar\":\"example-week-43/2026-27\"},"
            + "{\"type\":\"mark\",\"id\":\"m1\",\"on\":\"2026-09-14\",\"lessons\":6,\"kind\":\"unauthorised\"},"
            + "{\"type\":\"mark\",\"id\":\"m2\",\"on\":\"2026-09-21\",\"lessons\":6,\"kind\":\"health\"}]}";
        String wrong = record.replace("\"on\":\"2026-09-21\"", "\"on\":\"2026-09-31\"");
        var out = new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (Client client = new Client(sky)) {
            for (String each : Arrays.asList(record, wrong)) {
                String answer = client.ask("{\"format\":1,\"id\":1,\"request\":\"decide\",\"on\":\"2026-10-01\",\"record\":" + each + "}");
                if (answer.contains("\"error\":{")) {
                    out.println("not decided: " + text(answer, "error", "message") + " [" + text(answer, "error", "code") + ", "
                        + text(answer, "error", "place") + "]");
                } else if (answer.contains("\"next\":null")) {
                    out.println("next: nothing is asked");
                } else {
                    out.println("next: " + text(answer, "next", "summary") + " (" + text(answer, "next", "role") + ")");
                }
            }
        }
    }
}
