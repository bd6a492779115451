// Runs the conformance suite against any command that reads one case a line and writes one canonical answer a line:
//     java conformance/Run.java conformance/cases COMMAND …
// A line of the suite is {"case":CASE,"expect":ANSWER}; both are canonical JSON, so they are cut out and compared as text.

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

public class Run {
    static final int SHOWN = 5;
    static final String MIDDLE = ",\"expect\":"; // inside a text of JSON a quote is written \", so it stands only here

    public static void main(String[] words) throws IOException {
        if (words.length < 2) {
            System.err.println("say the folder of the cases and the command to ask");
            System.exit(2);
        }
        List<String> command = Arrays.asList(words).subList(1, words.length);
        Process asked = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        int passed = 0, failed = 0;
        try (var in = new BufferedWriter(new OutputStreamWriter(asked.getOutputStream(), StandardCharsets.UTF_8));
                var out = new BufferedReader(new InputStreamReader(asked.getInputStream(), StandardCharsets.UTF_8));
                var files = Files.newDirectoryStream(Path.of(words[0]), "*.jsonl")) {
            for (Path file : files) {
                for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
                    int middle = line.indexOf(MIDDLE);
                    String expected = line.substring(middle + MIDDLE.length(), line.length() - 1);
                    String answer = null;
                    try {
                        in.write(line.substring("{\"case\":".length(), middle) + "\n");
                        in.flush();
                        answer = out.readLine();
                    } catch (IOException gone) { // the command has ended: no answer
                    }
                    if (expected.equals(answer)) {
                        passed++;
                    } else if (++failed <= SHOWN) {
                        String id = line.split("\"id\":\"", 2)[1].split("\"", 2)[0]; // the first id of a line is that of the case
                        System.out.println(id + ":\n    expected " + expected + "\n         got " + answer);
                    }
                }
            }
        } catch (IOException gone) { // closing a pipe that the command has closed
        }
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed > 0 || passed == 0 ? 1 : 0);
    }
}
