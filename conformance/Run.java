// Runs the conformance suite against any command that reads one case a line and writes one canonical answer a line:
//     java conformance/Run.java conformance/cases COMMAND …
// A line of the suite is {"case":CASE,"expect":ANSWER}; both are canonical JSON, so they are cut out and compared as text.
// Ends with 0 when all passed, 1 when a case failed or the command ended or took too long, 2 when it cannot begin.

import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import java.util.concurrent.*;

public class Run {
    static final int SHOWN = 5, SECONDS = 60;
    static final String MIDDLE = ",\"expect\":"; // inside a text of JSON a quote is written \", so it stands only here

    static void end(int code, String said) {
        (code == 2 ? System.err : System.out).println(said);
        Runtime.getRuntime().halt(code); // a reader may still wait for an answer
    }
    static Map<String, String> parts(String json) { // the members of an ANSWER as they are written; no inner key has these names
        var found = new TreeMap<String, String>();
        for (String member : json.replaceFirst("}$", "").split("[{,]\"(?=(error|messages|next|open_steps|questions|tasks|withdrawn)\":)"))
            if (member.contains("\":")) found.put(member.split("\":", 2)[0].replace("{\"", ""), member.split("\":", 2)[1]);
        return found.isEmpty() ? Map.of("answer", json) : found;
    }
    static String cut(String text) { return text == null || text.length() < 300 ? text : text.substring(0, 300) + "…"; }
    public static void main(String[] words) throws Exception {
        if (words.length < 2) end(2, "say the folder of the cases and the command to ask");
        var lines = new ArrayList<String>();
        try (var files = Files.newDirectoryStream(Path.of(words[0]), "*.jsonl")) {
            for (Path file : files) lines.addAll(Files.readAllLines(file, StandardCharsets.UTF_8));
        } catch (IOException none) { lines.clear(); }
        if (lines.isEmpty()) end(2, "no cases in " + words[0] + ": say a folder with files *.jsonl");
        Process asked = null;
        try { asked = new ProcessBuilder(Arrays.asList(words).subList(1, words.length)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        } catch (IOException none) { end(2, "the command cannot be started: " + words[1]); }
        var in = asked.outputWriter(StandardCharsets.UTF_8);
        var out = asked.inputReader(StandardCharsets.UTF_8);
        int passed = 0, failed = 0;
        for (String line : lines) {
            int middle = line.indexOf(MIDDLE);
            String expected = line.substring(middle + MIDDLE.length(), line.length() - 1), answer = null, why = "the command has ended";
            String id = line.split("\"id\":\"", 2)[1].split("\"", 2)[0]; // the first id of a line is that of the case
            try {
                in.append(line.substring("{\"case\":".length(), middle)).append('\n').flush();
                answer = CompletableFuture.supplyAsync(() -> { try { return out.readLine(); } catch (IOException gone) { return null; } }).get(SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException slow) { why = "no answer within " + SECONDS + " seconds"; } catch (IOException gone) { }
            if (answer == null) { asked.destroy(); end(1, id + ": " + why + "; " + passed + " passed, " + failed + " failed, " + (lines.size() - passed - failed) + " not answered"); }
            if (expected.equals(answer)) passed++;
            else if (++failed <= SHOWN) {
                System.out.println(id + ":\n    shows " + line.split("\"shows\":\\[\"", 2)[1].split("\"[,\\]]", 2)[0]);
                Map<String, String> want = parts(expected), got = parts(answer);
                var keys = new TreeSet<>(want.keySet());
                keys.addAll(got.keySet());
                for (String k : keys) if (!Objects.equals(want.get(k), got.get(k)))
                    System.out.println("    " + k + ": expected " + cut(want.get(k)) + "\n    " + k + ":      got " + cut(got.get(k)));
            }
        }
        end(failed > 0 ? 1 : 0, passed + " passed, " + failed + " failed");
    }
}
