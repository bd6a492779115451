// Asks `sky serve --stdio` about one pupil, prints the next step, and shows an error. .NET 8 or newer, nothing to install.
//
// Rules: one process for many requests; one line out, one line in; both ends speak UTF-8 without a byte order mark.

using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;

public sealed class Sky : IDisposable
{
    private static readonly UTF8Encoding Utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
    private readonly Process sky;
    private readonly object turn = new object();

    public Sky(params string[] command)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = Utf8,
            StandardOutputEncoding = Utf8,
            UseShellExecute = false,
        };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        sky = Process.Start(start) ?? throw new IOException("sky does not start");
    }

    /// <summary>The answer to one request. Threads take turns.</summary>
    public JsonElement Ask(object request)
    {
        lock (turn)
        {
            sky.StandardInput.Write(JsonSerializer.Serialize(request) + "\n");
            sky.StandardInput.Flush();
            var line = sky.StandardOutput.ReadLine()
                ?? throw new IOException("sky has ended; what it said stands on standard error");
            using var answer = JsonDocument.Parse(line);
            return answer.RootElement.Clone();
        }
    }

    /// <summary>The end of the requests ends the process.</summary>
    public void Dispose()
    {
        sky.StandardInput.Close();
        sky.WaitForExit();
        sky.Dispose();
    }
}

public static class Program
{
    private static object Record(string second) => new
    {
        format = 1,
        pupil = "p-17",
        feed = new { data_until = "2026-09-30" },
        events = new object[]
        {
            new { type = "enrolment", school = "s-3", grade = 8, on = "2026-08-12", calendar = "example-week-43/2026-27" },
            new { type = "mark", id = "m1", on = "2026-09-14", lessons = 6, kind = "unauthorised" },
            new { type = "mark", id = "m2", on = second, lessons = 6, kind = "health" },
        },
    };

    public static void Main(string[] command)
    {
        Console.OutputEncoding = Encoding.UTF8;
        using var sky = new Sky(command.Length > 0 ? command : new[] { "sky", "serve", "--stdio" });
        var id = 0;
        foreach (var second in new[] { "2026-09-21", "2026-09-31" })
        {
            var answer = sky.Ask(new { format = 1, id = ++id, request = "decide", on = "2026-10-01", record = Record(second) });
            if (answer.TryGetProperty("error", out var error))
            {
                Console.WriteLine($"not decided: {error.GetProperty("message")} [{error.GetProperty("code")}, {error.GetProperty("place")}]");
                continue;
            }
            var next = answer.GetProperty("decide").GetProperty("next");
            Console.WriteLine(next.ValueKind == JsonValueKind.Null
                ? "next: nothing is asked"
                : $"next: {next.GetProperty("summary")} ({next.GetProperty("role")})");
        }
    }
}
