"""The command `rexbert` as Spark tasks run it, and files as they publish them."""

import json
import os
import pathlib
import subprocess
import tempfile
import threading
import uuid

STDERR_LINES = 20


class Curation:
    """What the driver and all tasks know: the command, its config and `rexbert curate plan`."""

    def __init__(self, rexbert, config, plan, threads):
        self.rexbert = rexbert
        self.config = config
        self.directory = os.getcwd()  # what relative paths of the config begin at
        self.threads = threads
        self.folder = plan["directory"]
        self.output = pathlib.Path(self.directory, plan["directory"])
        self.inputs = plan["inputs"]
        self.columns = plan["columns"]
        self.whole_objects = plan["whole_objects"]
        self.dedup = plan["dedup"]

    def words(self, stage, *more):
        return [self.rexbert, "curate", stage, "--config", self.config, "--set",
                f"run.threads={self.threads}", *more]

    def named(self, stage, index):
        """That file as `rexbert` names it, which is how the config names the output folder."""
        folder = self.folder if self.folder.endswith("/") else self.folder + "/"
        return f"{folder}{stage}/{self.inputs[index]['name']}.jsonl.zst"

    def file(self, stage, index, ending=".jsonl.zst"):
        """What a stage makes of an input file."""
        return self.output / stage / (self.inputs[index]["name"] + ending)

    def run(self, stage, *more):
        for _ in pipe([], self.words(stage, *more), self.directory):
            pass


def pipe(lines, words, directory):
    """The lines that a command answers to lines, both as bytes with their ends.

    As RDD.pipe(), but for any bytes, and with what the command said where it fails.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(words, cwd=directory, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=said)
        failures = []

        def feed():
            try:
                with process.stdin:
                    process.stdin.writelines(lines)
            except BrokenPipeError:
                pass  # the command has ended, and says why
            except BaseException as failure:
                failures.append(failure)
                process.kill()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        heard_out = False
        try:
            yield from process.stdout
            heard_out = True
        finally:
            if not heard_out:
                process.kill()
            process.stdout.close()
            status = process.wait()
        feeder.join()
        if failures:
            raise failures[0]
        if status != 0:
            said.seek(0)
            last = said.read().decode(errors="replace").splitlines()[-STDERR_LINES:]
            raise RuntimeError("\n".join([f"{' '.join(words)}: ended with {status}", *last]))


def aside(path):
    """A name beside `path` for one attempt of a task; `attempt-*` is removed when a stage begins."""
    return path.parent / f"attempt-{uuid.uuid4().hex}{path.suffix}"


def remove_attempts(folder):
    for path in folder.glob("attempt-*"):
        path.unlink()


def publish_json(path, value):
    """Writes a file that appears when it is whole, as `rexbert` writes JSON."""
    attempt = aside(path)
    with open(attempt, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(attempt, path)


def publish_lines(curation, lines, path, *options):
    """Publishes what `rexbert curate copy` makes of lines, or of a file among its options."""
    attempt = aside(path)
    words = [curation.rexbert, "curate", "copy", "--output", str(attempt), *options]
    for _ in pipe(lines, words, curation.directory):
        pass
    os.replace(attempt, path)
