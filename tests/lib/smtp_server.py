"""A real mail server for tests (aiosmtpd) that can be told to refuse, to put off and to fall silent."""

import asyncio
import ssl
import subprocess
from collections import deque
from mailbox import Letter

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from ports import free_port
from waiting import wait_until


class Authority:
    """A certificate authority of one's own, and a certificate for 127.0.0.1 signed by it."""

    def __init__(self, folder, name="authority"):
        self.file = folder / f"{name}.pem"
        key, self.certificate, self.key = (folder / f"{name}{end}" for end in (".key", "-server.pem", "-server.key"))
        self._make(key, self.file, f"/CN=Test {name}", ["-addext", "basicConstraints=critical,CA:TRUE"])
        signed = ["-CA", self.file, "-CAkey", key, "-addext", "subjectAltName=IP:127.0.0.1"]
        self._make(self.key, self.certificate, "/CN=127.0.0.1", [*signed, "-addext", "basicConstraints=CA:FALSE"])

    @staticmethod
    def _make(key, certificate, subject, more):
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
        command = ["openssl", "req", "-x509", *curve, "-keyout", key, "-out", certificate, "-subj", subject, *more]
        subprocess.run(command, check=True, capture_output=True)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


class SmtpServer:
    """`with SmtpServer(...) as server`: on 127.0.0.1. tls: None, "starttls" or "smtps", certified by the authority.
    login: (user, password) that must be given. What was accepted stands in `letters`."""

    def __init__(self, tls=None, authority=None, login=None, port=None):
        self.port = port or free_port()
        self.url = f"{'smtps' if tls == 'smtps' else 'smtp'}://127.0.0.1:{self.port}"
        self.letters = []
        self.seen = []  # verbs, in their order
        self._answers = {}
        self._silent = set()
        options = {"hostname": "127.0.0.1", "port": self.port, "ready_timeout": 10}
        if tls == "starttls":
            options |= {"tls_context": authority.context(), "require_starttls": True}
        elif tls == "smtps":
            options |= {"ssl_context": authority.context(), "auth_require_tls": False}
        if login:
            options |= {"auth_required": True, "authenticator": self._authenticator(login)}
        self._controller = Controller(self, **options)

    def _authenticator(self, login):
        wanted = LoginPassword(*(part.encode() for part in login))

        def check(_server, _session, _envelope, _mechanism, given):
            self.seen.append("AUTH")
            return AuthResult(success=given == wanted, handled=given == wanted)

        return check

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()

    def answer(self, verb, *answers):
        """What the server says to the next commands of this verb ("RCPT", "450 4.2.1 not now") before it accepts."""
        self._answers.setdefault(verb, deque()).extend(answers)

    def fall_silent(self, verb):
        """From now on the server never answers this verb."""
        self._silent.add(verb)

    def speak(self):
        """From now on it answers again."""
        self._silent.clear()

    def wait(self, recipient, count=1):
        """The letters to the recipient once there are that many."""
        what = f"{count} letters to {recipient} at the mail server, which has {len(self.letters)}; seen: {self.seen}"
        wait_until(lambda: len(self.to(recipient)) >= count, 30, what)
        return self.to(recipient)

    def to(self, recipient):
        return [letter for letter in self.letters if recipient in letter.recipients]

    # --- aiosmtpd's hooks ---

    async def _said(self, verb):
        self.seen.append(verb)
        if verb in self._silent:
            await asyncio.Event().wait()
        answers = self._answers.get(verb)
        return answers.popleft() if answers else None

    async def handle_EHLO(self, _server, session, _envelope, hostname, responses):
        answer = await self._said("EHLO")
        session.host_name = hostname
        return [answer] if answer else responses

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        answer = await self._said("MAIL")
        if not answer:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        answer = await self._said("RCPT")
        if not answer:
            envelope.rcpt_tos.append(address)
            envelope.rcpt_options.extend(options)
        return answer or "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        answer = await self._said("DATA")
        if not answer:
            letter = Letter(envelope.content)
            assert letter.recipients == envelope.rcpt_tos
            self.letters.append(letter)
        return answer or "250 OK"

    async def handle_QUIT(self, _server, _session, _envelope):
        return await self._said("QUIT") or "221 Bye"
