"""The servers of check_storage.py, on the loopback interface."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")  # not in every user's path


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
    """Serves `root` at http://127.0.0.1:port/, throttled at /slow/, to user:secret at /guarded/, and by https
    at tls_port."""

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
    location /guarded/ {{ alias {root}/; auth_basic streams; auth_basic_user_file {work}/users; }}
    location /slow/ {{ alias {root}/; limit_rate 1m; }}
  }}
}}
""")
        (work / "users").write_text("user:{PLAIN}secret\n")
        self.start()

    def start(self):
        self.process = subprocess.Popen([NGINX, "-c", self.config], stderr=subprocess.DEVNULL)
        wait_until_up(self.port)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def start_moto():
    """The process, the environment of somebody who may use its bucket `bucket`, and the same with a token."""
    import boto3

    port = free_port()
    # The seven calls below come without credentials; from the eighth on they are looked at.
    process = subprocess.Popen([sys.executable, "-m", "moto.server", "-p", str(port)], stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "7"})
    wait_until_up(port)
    url = f"http://127.0.0.1:{port}"
    anybody = {"endpoint_url": url, "region_name": "us-east-1", "aws_access_key_id": "a",
               "aws_secret_access_key": "b"}
    boto3.client("s3", **anybody).create_bucket(Bucket="bucket")
    iam = boto3.client("iam", **anybody)
    iam.create_user(UserName="u")
    allow = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=allow)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=allow)["Role"]["Arn"]
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=allow)
    assumed = boto3.client("sts", **anybody).assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    return (process, *({"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
                        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
                        "AWS_SESSION_TOKEN": keys.get("SessionToken", ""), "AWS_CONFIG_FILE": "/dev/null",
                        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null"} for keys in (key, assumed)))
