"""Live check of streams behind URLs against real servers on the loopback interface: moto's server for
S3, which checks signatures by botocore, and nginx for http and https.

usage: check_storage.py PATH_OF_rexbert_batch_storage_tool

1. A stream is brought to S3, and back; both copies are equal.
2. Batches from S3 and from nginx are, step by step, those from the folder, for raw and zstd shards.
3. nginx is killed for 20 s in the middle, and throttled to 1 MB/s: the batches stay the same.
4. A wrong secret, an unknown key, a token that is not valid, a wrong region, a missing bucket, an untrusted
   certificate and a missing password each say what to do.
5. A trainer of 10 M tokens a second waits for nginx less than 1% of its time.

What is not installed is passed over, with a line that says so. The last number is printed, and only
compared where the machine has nothing else to do (REXBERT_QUIET=1).
"""

import filecmp
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from storage_servers import NGINX, Nginx, start_moto

TOOL = sys.argv[1]
STEPS = "600"


def expect(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def run(*words, environment=None):
    return subprocess.run([TOOL, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, **(environment or {})})


def tool(*words, environment=None, fails=False):
    done = run(*words, environment=environment)
    expect((done.returncode != 0) == fails, f"{' '.join(words)}: {done.stderr}")
    return done.stderr if fails else done.stdout


def check_s3_errors(work, account, assumed):
    asked = ("batches", "s3://bucket/a folder/raw", str(work / "none"), "1")
    tool(*asked, environment=assumed)
    for keys, change, told in [
            (account, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "check AWS_SECRET_ACCESS_KEY"),
            (account, {"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "does not know the access key AKIANOBODY"),
            (assumed, {"AWS_SESSION_TOKEN": "old"}, "the session token of the environment is no longer valid")]:
        error = tool(*asked, environment={**keys, **change}, fails=True)
        expect(told in error, f"expected '{told}' in: {error}")
    error = tool("batches", "s3://nothing/x", str(work / "none"), "1", environment=account, fails=True)
    expect("there is no bucket nothing" in error, error)
    done = run(*asked, environment={**account, "AWS_REGION": "eu-west-1"})
    if done.returncode == 0:
        print("S3: a wrong region is passed over, moto takes any (tests/net/storage_test.cc has it)")
    else:
        expect("is not in region eu-west-1" in done.stderr, done.stderr)


def check_s3(work, streams, batches):
    try:
        import moto.server  # noqa: F401
    except ImportError as missing:
        print(f"S3: passed over, moto's server is not installed ({missing}; scripts/setup.sh --oracle)")
        return
    process, account, assumed = start_moto()
    try:
        for name, folder in streams.items():
            url = f"s3://bucket/a folder/{name}"
            tool("sync", str(folder), url, environment=account)
            expect(tool("sync", str(folder), url, environment=account) == "0 copied\n", f"{name}: synced twice")
            tool("sync", url, str(work / f"back-{name}"), environment=account)
            same = filecmp.dircmp(folder, work / f"back-{name}")
            expect(not same.diff_files and not same.left_only and not same.right_only, f"{name}: another copy")
            got = tool("batches", url, str(work / f"s3-{name}"), STEPS, environment=account)
            expect(got == batches[name], f"{name}: other batches from S3")
        check_s3_errors(work, account, assumed)
    finally:
        process.terminate()
        process.wait()
    print("S3: copies, batches and errors as expected")


def check_nginx(work, streams, batches):
    if NGINX is None:
        print("nginx: passed over, it is not installed (scripts/setup.sh --oracle)")
        return
    nginx = Nginx(work, work / "streams")
    try:
        url = f"http://127.0.0.1:{nginx.port}"
        for name in streams:
            for place in ("", "slow/"):
                cache = str(work / f"nginx-{place[:-1]}-{name}")
                expect(tool("batches", f"{url}/{place}{name}", cache, STEPS) == batches[name],
                       f"{place}{name}: other batches from nginx")
        # In the middle: lines come as steps do.
        running = subprocess.Popen([TOOL, "batches", f"{url}/slow/raw", str(work / "killed"), STEPS],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        first = running.stdout.readline()
        nginx.stop()
        time.sleep(20)
        nginx.start()
        rest, error = running.stdout.read(), running.stderr.read()
        expect(running.wait() == 0, f"nginx was killed for 20 s: {error}")
        expect(first + rest == batches["raw"], "other batches after nginx was killed")
        tls = f"https://localhost:{nginx.tls_port}/raw"
        error = tool("batches", tls, str(work / "tls"), "1", fails=True)
        expect("certificate" in error and "CURL_CA_BUNDLE" in error, error)
        trusted = {"CURL_CA_BUNDLE": str(work / "certificate.pem")}
        expect(tool("batches", tls, str(work / "tls"), STEPS, environment=trusted) == batches["raw"],
               "other batches by https")
        guarded = ("batches", f"{url}/guarded/raw", str(work / "guarded"), STEPS)
        home = {"HOME": str(work), "NETRC": ""}
        error = tool(*guarded, environment=home, fails=True)
        expect("the server wants a password" in error, error)
        (work / ".netrc").write_text("machine 127.0.0.1 login user password secret\n")
        expect(tool(*guarded, environment=home) == batches["raw"], "other batches with a password")
        tool("make", str(work / "streams" / "large"), "none", "150000")
        wait, first_step = tool("wait", f"{url}/large", str(work / "wait"), "10e6", "100000000").split()
        print(f"nginx: a trainer of 10 M tokens/s waits {100 * float(wait):.3f}% of its time, "
              f"{first_step} s for the first step")
        expect(os.environ.get("REXBERT_QUIET") != "1" or float(wait) < 0.01, "it waits longer than 1%")
    finally:
        nginx.stop()
    print("nginx: batches as expected, throttled, killed for 20 s, by https and with a password too")


def main():
    with tempfile.TemporaryDirectory() as directory:
        work = pathlib.Path(directory)
        streams = {"raw": work / "streams" / "raw", "zstd": work / "streams" / "zstd"}
        batches = {}
        for name, folder in streams.items():
            tool("make", str(folder), "none" if name == "raw" else name, "20000")
            batches[name] = tool("batches", str(folder), str(work / "unused"), STEPS)
        expect(batches["raw"] == batches["zstd"], "raw and zstd streams differ")
        os.chmod(work, 0o755)  # nginx's workers may be another user
        check_s3(work, streams, batches)
        check_nginx(work, streams, batches)


main()
