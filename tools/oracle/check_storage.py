"""Live check of streams behind URLs against real servers on the loopback interface: moto's server for
S3, which checks signatures by botocore, and nginx for http and https.

usage: check_storage.py PATH_OF_rexbert_batch_storage_tool

1. A stream is brought to S3, and back; both copies are equal.
2. Batches from S3 and from nginx are, step by step, those from the folder, for raw and zstd shards.
3. nginx is killed for 20 s in the middle, and throttled to 1 MB/s: the batches stay the same.
4. A wrong secret, an unknown key, a missing bucket and an untrusted certificate each say what to do.
5. A trainer of 10 M tokens a second waits for nginx less than 1% of its time.

What is not installed is passed over, with a line that says so. The last number is printed, and only
compared where the machine has nothing else to do (REXBERT_QUIET=1).
"""

import filecmp
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOOL = sys.argv[1]
STEPS = "600"
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")  # not in every user's path


def expect(condition, what):
    if not condition:
        sys.exit(f"FAILED: {what}")


def tool(*words, environment=None, fails=False):
    done = subprocess.run([TOOL, *words], capture_output=True, text=True, check=False,
                          env={**os.environ, **(environment or {})})
    expect((done.returncode != 0) == fails, f"{' '.join(words)}: {done.stderr}")
    return done.stderr if fails else done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(port):
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"FAILED: no server on port {port}")


class Nginx:
    """Serves `root` at http://127.0.0.1:port/, throttled at /slow/, and by https at tls_port."""

    def __init__(self, work, root):
        self.port, self.tls_port = free_port(), free_port()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", work / "key.pem",
                        "-out", work / "certificate.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        temporary = "".join(f"{kind}_temp_path {work}/{kind}; "
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.config = work / "nginx.conf"
        self.config.write_text(f"""
daemon off; worker_processes 1; pid {work}/nginx.pid; error_log {work}/error.log;
events {{}}
http {{
  access_log off; {temporary}
  server {{
    listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls_port} ssl;
    ssl_certificate {work}/certificate.pem; ssl_certificate_key {work}/key.pem;
    root {root};
    location /slow/ {{ alias {root}/; limit_rate 1m; }}
  }}
}}
""")
        self.start()

    def start(self):
        self.process = subprocess.Popen([NGINX, "-c", self.config], stderr=subprocess.DEVNULL)
        wait_until_up(self.port)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def start_moto():
    """The process and the environment of somebody who may use its bucket `bucket`."""
    import boto3

    port = free_port()
    # The four calls below come without credentials; from the fifth on they are looked at.
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "4"})
    wait_until_up(port)
    url = f"http://127.0.0.1:{port}"
    anybody = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "a",
               "aws_secret_access_key": "b"}
    boto3.client("s3", **anybody).create_bucket(Bucket="bucket")
    iam = boto3.client("iam", **anybody)
    iam.create_user(UserName="u")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=(
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return process, {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                     "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"], "AWS_CONFIG_FILE": "/dev/null",
                     "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"}


def check_s3(work, streams, batches):
    try:
        import moto.server  # noqa: F401
    except ImportError as missing:
        print(f"S3: passed over, moto's server is not installed ({missing}; scripts/setup.sh --oracle)")
        return
    process, account = start_moto()
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
        asked = ("batches", "s3://bucket/a folder/raw", str(work / "none"), "1")
        for change, told in [({"AWS_SECRET_ACCESS_KEY": "wrong"}, "check AWS_SECRET_ACCESS_KEY"),
                             ({"AWS_ACCESS_KEY_ID": "AKIANOBODY"}, "does not know the access key AKIANOBODY")]:
            error = tool(*asked, environment={**account, **change}, fails=True)
            expect(told in error, f"expected '{told}' in: {error}")
        error = tool("batches", "s3://nothing/x", str(work / "none"), "1", environment=account, fails=True)
        expect("there is no bucket nothing" in error, error)
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
        tool("make", str(work / "streams" / "large"), "none", "150000")
        wait, first_step = tool("wait", f"{url}/large", str(work / "wait"), "10e6", "100000000").split()
        print(f"nginx: a trainer of 10 M tokens/s waits {100 * float(wait):.3f}% of its time, "
              f"{first_step} s for the first step")
        expect(os.environ.get("REXBERT_QUIET") != "1" or float(wait) < 0.01, "it waits longer than 1%")
    finally:
        nginx.stop()
    print("nginx: batches as expected, throttled, killed for 20 s and by https too")


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
