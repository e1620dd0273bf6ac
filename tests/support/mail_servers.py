"""Real mail servers on loopback: Dovecot for IMAP, Postfix for SMTP, each in folders of its own.

Both come from Debian's packages and are started as plain subprocesses, without systemd, on free
ports. Postfix delivers into the Maildirs that Dovecot shows, and asks Dovecot about logins. Postfix
drops privileges, so it has to be started as root (or with sudo).
"""

import contextlib
import grp
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = "сыр-correct-horse-9"
OURS = "info@shop.test"
CUSTOMER = "aigul@customer.test"
ADDRESSES = (OURS, "sales@shop.test", CUSTOMER, "berik@customer.test")
PACKAGES = {"dovecot": "dovecot-imapd", "postfix": "postfix"}
"""What the tests need, by the program that shows that it is there."""
_SBIN = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


class MailServersMissingError(RuntimeError):
    """The machine lacks them; the message says how to get them."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Ports:
    imap: int = field(default_factory=free_port)
    imaps: int = field(default_factory=free_port)
    auth: int = field(default_factory=free_port)
    smtp: int = field(default_factory=free_port)
    smtps: int = field(default_factory=free_port)
    elsewhere: int = field(default_factory=free_port)
    """Where Postfix takes mails of customers at other providers to."""


class MailServers:
    """One Dovecot and one Postfix. ``token_url`` is asked whose an OAuth token is."""

    def __init__(self, *, token_url: str = "http://127.0.0.1:9/tokeninfo?access_token=") -> None:
        check_installed()
        # Not pytest's own folder: other users than ours have to get in, and sockets' paths are short.
        self.root = Path(tempfile.mkdtemp(prefix="aitys-mail-", dir="/tmp"))
        self.root.chmod(0o755)
        self.ports = Ports()
        self.idle = True
        self._numbers = itertools.count()
        self._token_url = token_url
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._as_root = os.geteuid() == 0
        self._user = "mail" if self._as_root else pwd.getpwuid(os.geteuid()).pw_name
        self.certificate = self.root / "ca.pem"
        _write_certificate(self.root)
        self.mail = self.root / "mail"
        self.mail.mkdir()
        if self._as_root:
            shutil.chown(self.mail, self._user, self._user)

    def start(self) -> None:
        self.start_dovecot()
        self.start_postfix()

    def stop(self) -> None:
        self.stop_postfix()
        self.stop_dovecot()
        shutil.rmtree(self.root, ignore_errors=True)

    # Dovecot

    def start_dovecot(self) -> None:
        configuration = self.root / "dovecot.conf"
        configuration.write_text(self._dovecot_configuration())
        self._run("dovecot", [_program("dovecot"), "-F", "-c", str(configuration)])
        _wait_for(self.ports.imap, self._running["dovecot"], self.root / "dovecot.log")

    def stop_dovecot(self) -> None:
        self._stop("dovecot")

    def restart_dovecot(self) -> None:
        self.stop_dovecot()
        self.start_dovecot()

    def kill_sessions(self) -> int:
        """End the processes of our own Dovecot that hold its users' sessions; returns how many."""
        killed = 0
        master = self._running["dovecot"].pid
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                is_ours = f"PPid:\t{master}\n" in (entry / "status").read_text()
                if is_ours and (entry / "cmdline").read_bytes().startswith(b"dovecot/imap\0"):
                    os.kill(int(entry.name), signal.SIGKILL)
                    killed += 1
        return killed

    def renumber(self, address: str) -> None:
        """Give the inbox a new UIDVALIDITY, as a server that was moved does."""
        self.stop_dovecot()
        for path in self.maildir(address).glob("dovecot*"):
            path.unlink()
        time.sleep(1.1)  # the validity is a time in seconds
        self.start_dovecot()

    def maildir(self, address: str) -> Path:
        return self.mail / address / "Maildir"

    def drop(self, address: str, mail: bytes) -> None:
        """Deliver a mail as it is, without a server's touch."""
        maildir = self.maildir(address)
        for folder in (
            maildir.parent,
            maildir,
            *(maildir / name for name in ("tmp", "new", "cur")),
        ):
            folder.mkdir(exist_ok=True)
            if self._as_root:
                shutil.chown(folder, self._user, self._user)
        # Dovecot numbers what came meanwhile by these seconds and microseconds.
        moment = time.time_ns() // 1000
        name = f"{moment // 10**6}.M{moment % 10**6:06d}P{os.getpid()}Q{next(self._numbers)}.test"
        path = maildir / "tmp" / name
        path.write_bytes(mail.replace(b"\r\n", b"\n"))
        if self._as_root:
            shutil.chown(path, self._user, self._user)
        path.rename(maildir / "new" / name)

    def mails(self, address: str) -> list[bytes]:
        """All mails in somebody's inbox, in the order of their arrival."""
        maildir = self.maildir(address)
        paths = [*maildir.glob("new/*"), *maildir.glob("cur/*")]
        return [path.read_bytes() for path in sorted(paths, key=lambda path: path.name)]

    def empty(self, *addresses: str) -> None:
        for address in addresses:
            shutil.rmtree(self.maildir(address), ignore_errors=True)

    def _dovecot_configuration(self) -> str:
        version = subprocess.run(
            [_program("dovecot"), "--version"], capture_output=True, text=True, check=True
        ).stdout
        if not version.startswith("2.3"):
            raise MailServersMissingError(
                f"The mail tests are written for Dovecot 2.3 (Debian 12, Ubuntu 24.04); here is {version.split()[0]}."
            )
        internal, login = ("dovecot", "dovenull") if self._as_root else (self._user, self._user)
        ports, user = self.ports, pwd.getpwnam(self._user)
        capabilities = "" if self.idle else "imap_capability = IMAP4rev1 SASL-IR ID LITERAL+"
        oauth = self.root / "oauth2.conf"
        oauth.write_text(
            f"tokeninfo_url = {self._token_url}\nintrospection_mode = auth\nusername_attribute = email\n"
            f"force_introspection = yes\nintrospection_url = {self._token_url}\n"
        )
        return f"""
protocols = imap
listen = 127.0.0.1
base_dir = {self.root}/dovecot-run
state_dir = {self.root}/dovecot-state
log_path = {self.root}/dovecot.log
default_internal_user = {internal}
default_internal_group = {grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name}
default_login_user = {login}
ssl = yes
ssl_cert = <{self.root}/server.pem
ssl_key = <{self.root}/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_username_format = %Lu
mail_location = maildir:{self.mail}/%u/Maildir
mail_max_userip_connections = 200
first_valid_uid = 1
first_valid_gid = 1
mail_plugins = quota
{capabilities}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {oauth}
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={{PLAIN}}{PASSWORD}
}}
userdb {{
  driver = static
  args = uid={user.pw_uid} gid={user.pw_gid} home={self.mail}/%u
}}
namespace inbox {{
  inbox = yes
  mailbox Sent {{
    auto = create
    special_use = \\Sent
  }}
}}
plugin {{
  quota = maildir:User quota
  quota_rule = *:storage=100M
}}
protocol imap {{
  mail_plugins = quota imap_quota
}}
# Wrong passwords are tried on purpose: nobody is made to wait longer each time.
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {ports.auth}
  }}
}}
"""

    # Postfix

    def start_postfix(self) -> None:
        prefix = self._sudo()
        home = self.root / "postfix"
        for name in ("etc", "queue", "data"):
            (home / name).mkdir(parents=True, exist_ok=True)
        user = pwd.getpwnam(self._user)
        (home / "etc" / "main.cf").write_text(self._postfix_configuration(home, user))
        (home / "etc" / "master.cf").write_text(self._postfix_services())
        (home / "etc" / "mailboxes").write_text(
            "".join(f"{address} {address}/Maildir/\n" for address in ADDRESSES)
        )
        (home / "etc" / "transports").write_text(
            f"/@(gone|full)\\.test$/ smtp:[127.0.0.1]:{self.ports.elsewhere}\n"
            "/@slow\\.test$/ smtp:[127.0.0.1]:9\n"
        )
        subprocess.run([*prefix, "chown", "postfix", str(home / "data")], check=True)
        self._run("postfix", [*prefix, _program("postfix"), "-c", str(home / "etc"), "start-fg"])
        _wait_for(self.ports.smtp, self._running["postfix"], self.root / "postfix.log")

    def stop_postfix(self) -> None:
        if "postfix" in self._running:
            home = str(self.root / "postfix" / "etc")
            command = [*self._sudo(), _program("postfix"), "-c", home, "stop"]
            subprocess.run(command, check=False, capture_output=True, timeout=20)
        self._stop("postfix")

    def _sudo(self) -> list[str]:
        """What a command begins with that has to run as root."""
        if self._as_root:
            return []
        found = shutil.which("sudo")
        if (
            not found
            or subprocess.run([found, "-n", "true"], check=False, capture_output=True).returncode
        ):
            raise MailServersMissingError(
                "The mail tests start Postfix, which only root may: run them as root, or let sudo ask for no password."
            )
        return [found, "-n"]

    def _postfix_configuration(self, home: Path, user: pwd.struct_passwd) -> str:
        return f"""
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = {Path(_program("postfix")).parent}
maillog_file = {self.root}/postfix.log
maillog_file_prefixes = /tmp
myhostname = mx.shop.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
local_recipient_maps =
recipient_delimiter = +
virtual_mailbox_domains = shop.test, customer.test
virtual_mailbox_base = {self.mail}
virtual_mailbox_maps = texthash:{home}/etc/mailboxes
virtual_uid_maps = static:{user.pw_uid}
virtual_gid_maps = static:{user.pw_gid}
virtual_minimum_uid = 1
virtual_mailbox_limit = 0
virtual_alias_maps =
relay_domains = gone.test, full.test, slow.test
transport_maps = regexp:{home}/etc/transports
message_size_limit = 26214400
queue_run_delay = 2s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
delay_warning_time = 1s
smtpd_error_sleep_time = 0
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{self.ports.auth}
smtpd_tls_auth_only = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {self.root}/server.pem
smtpd_tls_key_file = {self.root}/server.key
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
smtpd_reject_unlisted_recipient = yes
"""

    def _postfix_services(self) -> str:
        ports = self.ports
        return f"""
127.0.0.1:{ports.smtp} inet n - n - - smtpd
127.0.0.1:{ports.smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
postlog unix-dgram n - n - 1 postlogd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 2 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
"""

    def _run(self, name: str, command: list[str]) -> None:
        self._running[name] = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=(self.root / f"{name}.out").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _stop(self, name: str) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def check_installed() -> None:
    """Say in one sentence what the machine lacks."""
    missing = [
        package for program, package in PACKAGES.items() if not shutil.which(program, path=_SBIN)
    ]
    if missing:
        raise MailServersMissingError(
            f"The e-mail tests run against real servers: install them with `apt-get install --no-install-recommends "
            f"{' '.join(missing)}`."
        )


def _program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    assert found, name
    return found


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    told = log.read_text() if log.exists() else ""
    out = process.args[0] if isinstance(process.args, list) else ""
    raise RuntimeError(f"{out!r} does not listen on {port}: {told[-2_000:]}")


def _write_certificate(folder: Path) -> None:
    """A certificate of 127.0.0.1 and localhost that only those believe who are shown ``ca.pem``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Aitys mail tests")])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "ca.pem").write_bytes(pem)
    (folder / "server.pem").write_bytes(pem)
    path = folder / "server.key"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    path.chmod(0o644 if os.geteuid() == 0 else 0o600)
