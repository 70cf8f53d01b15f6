"""The page on which a person lets a web application in: log in and allow, in one step and without a cookie.

Each visit asks for the password, so there is no session that another site could ride on. Source: RFC 6749, section
4.1; RFC 7636 (PKCE); RFC 9700 (exact redirect URIs).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import Response

from paydesk.base.errors import NotUnique, TooMany, Unavailable
from paydesk.base.instants import instant
from paydesk.http import bodies
from paydesk.http.origin import Peer, single
from paydesk.http.pages import page
from paydesk.oauth import scopes
from paydesk.oauth.authority import OAuth
from paydesk.oauth.grants import CODE_SECONDS, GRANTS
from paydesk.oauth.refusals import OAuthRefusal
from paydesk.oauth.secrets import digest, new_secret
from paydesk.rules.asking import new_id
from paydesk.store.oauth import administrators, applications, codes
from paydesk.store.oauth.administrators import User
from paydesk.store.oauth.applications import Application
from paydesk.store.oauth.codes import Code

LONGEST_FORM = 16 * 1024
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""SHA-256 in base64url."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """An authorization request that may be answered at its redirect URI."""

    application: Application
    redirect_uri: str
    redirect_given: bool
    state: str | None


class _Problem(Exception):
    """Something that is told at the redirect URI (RFC 6749, section 4.1.2.1)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


async def authorize(oauth: OAuth, request: Request, peer: Peer) -> Response:
    """GET /oauth/authorize shows the page, POST takes its form; both carry the request in the query."""
    try:
        return await _authorize(oauth, request, peer)
    except Unavailable as problem:
        shown = _message("Not available", "paydesk cannot answer at present. Please try again.", 503)
        shown.headers["retry-after"] = str(problem.retry_after)
        return shown


async def _authorize(oauth: OAuth, request: Request, peer: Peer) -> Response:
    pairs = request.query_params.multi_items()
    given = dict(pairs)
    if len(given) != len(pairs) or any("\0" in value for value in given.values()):
        return _message("Not a valid request", "A parameter is given twice, or is no text.", 400)
    client_id = given.get("client_id", "")
    application = await oauth.database.read(lambda: applications.application(client_id)) if client_id else None
    if application is None:
        return _message("Unknown application", "No application has this client id.", 400)
    registered = (application.redirect_uri or "").split()
    wanted = given.get("redirect_uri")
    if wanted not in registered and (wanted is not None or len(registered) != 1):
        # Nothing may be sent to an address that the application did not name before.
        return _message("Unknown address", "The redirect URI is not one that the application has registered.", 400)
    asked = _Asked(application, wanted or registered[0], wanted is not None, given.get("state"))
    try:
        return await _decide(oauth, request, asked, given, peer)
    except _Problem as problem:
        return _redirect(asked, {"error": problem.error, "error_description": problem.description})


async def _decide(oauth: OAuth, request: Request, asked: _Asked, given: dict[str, str], peer: Peer) -> Response:
    application = asked.application
    if "authorization_code" not in GRANTS.get(application.kind, frozenset()):
        raise _Problem("unauthorized_client", "This application cannot be given authorization codes.")
    if given.get("response_type") != "code":
        raise _Problem("unsupported_response_type", "The response type must be code.")
    challenge = given.get("code_challenge")
    if challenge is None and "code_challenge_method" in given:
        raise _Problem("invalid_request", "The code challenge is missing.")
    if challenge is not None and (given.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge)):
        raise _Problem("invalid_request", "The code challenge method must be S256.")
    try:
        scope = await scopes.resolve(oauth.database, application.tenant, given.get("scope"), application.scopes)
    except OAuthRefusal as refusal:
        raise _Problem(refusal.error, refusal.description) from None
    if oauth.auto_approve:
        user = await _administrator(oauth, application.organization_id)
    elif request.method == "GET":
        return _consent(asked, scope.text)
    else:
        form = await _form(request)
        if form is None:
            return _message("Not a valid request", "The form was not sent from this page.", 400)
        if form.get("decision") != "allow":
            raise _Problem("access_denied", "The request was denied.")
        try:
            let_in = await _log_in(oauth, application, form, peer)
        except TooMany as wait:
            seconds = "a second" if wait.retry_after == 1 else f"{wait.retry_after} seconds"
            problem = f"Too many people log in at this moment, or too many failed. Please try again in {seconds}."
            shown = _consent(asked, scope.text, email=form.get("email", ""), problem=problem, status=429)
            shown.headers["retry-after"] = str(wait.retry_after)
            return shown
        if let_in is None:
            problem = "Email or password is wrong."
            return _consent(asked, scope.text, email=form.get("email", ""), problem=problem, status=400)
        user = let_in
    text, now = new_secret(), oauth.clock()
    code = Code(
        digest(text),
        application.tenant,
        application.id,
        user.id,
        asked.redirect_uri if asked.redirect_given else None,
        scope.text,
        challenge,
        instant(now + CODE_SECONDS),
    )
    await oauth.database.write(lambda: codes.add_code(code, instant(now)))
    return _redirect(asked, {"code": text})


async def _log_in(oauth: OAuth, application: Application, form: dict[str, str], peer: Peer) -> User | None:
    """The user; None where email or password is wrong. raises TooMany"""
    email_key = form.get("email", "").strip().lower()
    organization_id = application.organization_id
    user = await oauth.database.read(lambda: administrators.user_with_email(organization_id, email_key))

    async def look() -> bool:
        return await oauth.passwords.verify(form.get("password", ""), user.password_hash if user else None)

    right = await oauth.guesses.tried(f"user {organization_id} {email_key}", peer, look)
    return user if right else None


async def _administrator(oauth: OAuth, organization_id: str) -> User:
    """In development: the organization's administrator, who is made where there is none and cannot log in."""
    user = await oauth.database.read(lambda: administrators.first_administrator(organization_id))
    if user is None:
        made = User(organization_id, new_id(), "admin@localhost", "admin", "Admin", None, "UTC")
        try:
            await oauth.database.write(lambda: administrators.add_user(made, oauth.now))
            user = made
        except NotUnique:
            user = await oauth.database.read(lambda: administrators.first_administrator(organization_id))
    assert user is not None, "an administrator was made"
    return user


async def _form(request: Request) -> dict[str, str] | None:
    """The fields of the page's own form, None for a form from elsewhere (Fetch Metadata, `Sec-Fetch-Site`)."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return None
    try:
        body = await bodies.read(request.receive, single(request.scope["headers"]), LONGEST_FORM)
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=20))
    except (ValueError, bodies.Unread):
        return None
    return None if any("\0" in value for value in form.values()) else form


def _redirect(asked: _Asked, answer: dict[str, str]) -> Response:
    """Back to the application, its own query kept."""
    if asked.state is not None:
        answer = answer | {"state": asked.state}
    parts = urlsplit(asked.redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(answer)) if part)
    target = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    return Response(
        status_code=303, headers={"location": target, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    )


def _consent(asked: _Asked, scope: str, *, email: str = "", problem: str | None = None, status: int = 200) -> Response:
    application = asked.application
    name, organization = escape(application.name), escape(application.organization_name or application.slug)
    target = urlsplit(asked.redirect_uri)
    told = f'<p class="bad" role="alert">{escape(problem)}</p>' if problem else ""
    body = f"""<h1>{name} asks to work with {organization}</h1>
<p>It will read and change data in your name, as far as your role allows.</p>
<dl><dt>Environment</dt><dd>{"Live" if application.live else "Test"}</dd>
<dt>Markets</dt><dd>{"All" if scope == scopes.EVERYTHING else escape(scope)}</dd>
<dt>Goes back to</dt><dd>{escape(target.netloc)}</dd></dl>
<form method="post">
{told}<label>Email<input name="email" type="email" autocomplete="username" required value="{escape(email)}"></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<div class="row"><button name="decision" value="deny" formnovalidate>Deny</button>
<button name="decision" value="allow">Allow</button></div>
</form>"""
    # Browsers hold the redirect that answers a form to `form-action` too.
    return page(f"Let {name} in", body, status, form_action=f"'self' {target.scheme}://{target.netloc}")


def _message(title: str, text: str, status: int) -> Response:
    return page(escape(title), f"<h1>{escape(title)}</h1>\n<p>{escape(text)}</p>", status)
