"""Who may ask for what: every address, as everybody, from everywhere."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from grader.review.desk.access import Doors, Reviewer, Role, parse_reviewer
from grader.review.desk.routes import RULES, Rule, application
from grader.review.desk.server import DeskRequest, address_of
from reference.errors import ConfigError
from tests.factories import ASSIGNMENT
from tests.grader.review.desk.conftest import ORIGIN, Opened

STRANGE = (
    {"host": "evil.example:8690"},
    {"host": "127.0.0.1"},
    {"host": "127.0.0.1:8691"},
    {"host": "127.0.0.1:8690.evil.example"},
)
FOREIGN = (
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "", "origin": "null"},
    {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    {"sec-fetch-site": "same-origin", "origin": "null"},
)


def address(rule: Rule, opened: Opened) -> str:
    seat = opened.desk.attendance.room.order("3c")[0]
    known = {"part": "3c", "code": seat.code, "number:int": "1", "name": "theme.css", "pile": "x"}
    return re.sub(r"\{([a-z:]+)\}", lambda found: known[found[1]], rule.path)


def ask(client: TestClient, rule: Rule, opened: Opened, **headers: str) -> int:
    """Send an empty form, or read; nothing of it can be taken."""
    return client.request(rule.method, address(rule, opened), headers=headers).status_code


def test_every_address_has_a_rule_and_no_other_answers(opened: Opened) -> None:
    app = application(opened.desk)._app
    routes = {(method, route.path) for route in app.routes for method in route.methods - {"HEAD"}}  # type: ignore[attr-defined]
    assert routes == {(rule.method, rule.path) for rule in RULES}
    assert len(RULES) == len(routes)
    open_to_all = {rule.path for rule in RULES if rule.role is Role.NOBODY}
    assert open_to_all == {"/static/{name}", "/enter"}
    writing = {rule.path for rule in RULES if rule.method == "POST"} - {"/enter", "/leave"}
    assert all(
        rule.role >= Role.GRADER for rule in RULES if rule.path in writing and rule.method == "POST"
    )


def test_each_role_is_let_in_as_far_as_its_rule_says(opened: Opened) -> None:
    for role in Role:
        client = opened.client("zoe", role)
        for rule in RULES:
            if rule.path == "/leave":
                continue
            status = ask(client, rule, opened)
            if role >= rule.role:
                refused = {401, 421} if rule.path == "/enter" else {401, 403, 421}
                assert status not in refused, rule
            elif role is Role.NOBODY:
                assert status == (303 if rule.method == "GET" else 401), rule
            else:
                assert status == 403, rule
    assert opened.ledger.rows == []


@pytest.mark.parametrize("headers", STRANGE)
def test_a_strange_host_gets_nothing_not_even_a_style(
    opened: Opened, headers: dict[str, str]
) -> None:
    client = opened.client()
    assert {ask(client, rule, opened, **headers) for rule in RULES} == {421}


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_form_of_another_page_is_refused(opened: Opened, headers: dict[str, str]) -> None:
    client = opened.client()
    sent = {name: value for name, value in headers.items() if value}
    if "sec-fetch-site" in headers and not headers["sec-fetch-site"]:
        del client.headers["sec-fetch-site"]
    for rule in RULES:
        if rule.method == "POST":
            assert ask(client, rule, opened, **sent) == 403, rule
    assert opened.client().post(f"{opened.answer()}/decision", data=opened.form()).is_success


def test_an_older_browser_is_known_by_its_origin(opened: Opened) -> None:
    client = opened.client()
    del client.headers["sec-fetch-site"]
    there, form = f"{opened.answer()}/decision", opened.form()
    assert client.post(there, data=form).status_code == 403
    assert client.post(there, data=form, headers={"origin": ORIGIN}).is_success


def test_reading_never_writes_and_get_is_no_way_to_write(opened: Opened) -> None:
    client = opened.client()
    pages = {rule.path for rule in RULES if rule.method == "GET"}
    for rule in RULES:
        if rule.method == "POST" and rule.path not in pages:
            assert client.get(address(rule, opened)).status_code in {404, 405}, rule
        elif rule.method == "GET":
            client.get(address(rule, opened))
    assert opened.ledger.rows == []


def test_a_link_works_once_and_its_cookie_is_for_this_desk_alone(opened: Opened) -> None:
    token = opened.desk.doors.link_for(Reviewer(name="ann", role=Role.HEAD))
    client = opened.client(role=Role.NOBODY)
    answer = client.post("/enter", data={"token": token})
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("desk_8690=")
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert token.lower() not in cookie
    again = opened.client(role=Role.NOBODY).post("/enter", data={"token": token})
    assert (again.status_code, again.json()["state"]) == (403, "refused")
    other = TestClient(application(opened.desk), base_url=ORIGIN, follow_redirects=False)
    other.cookies.set("desk_8691", client.cookies["desk_8690"])
    assert other.get("/").headers["location"] == "/enter"


def test_leaving_ends_the_session(opened: Opened) -> None:
    client = opened.client()
    secret = client.cookies["desk_8690"]
    client.post("/leave")
    assert opened.desk.doors.who(secret).role is Role.NOBODY


def test_only_digests_of_secrets_are_kept() -> None:
    doors = Doors()
    token = doors.link_for(Reviewer(name="ann", role=Role.HEAD))
    secret = doors.enter(token) or ""
    assert len(token) >= 43
    assert token not in repr(doors)
    assert secret
    assert secret not in repr(doors)


def test_every_answer_has_the_policy(opened: Opened) -> None:
    client = opened.client()
    for where in ("/", opened.answer(), "/static/desk.js", "/nowhere"):
        headers = client.get(where).headers
        policy = headers["content-security-policy"]
        for told in ("default-src 'none'", "script-src 'self';", "frame-ancestors 'none'"):
            assert told in policy
        assert "unsafe-eval" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_our_pages_have_no_script_or_style_of_their_own(opened: Opened) -> None:
    client = opened.client()
    for where in ("/", opened.answer(), "/part/3c/rubric", "/part/3c/answers", "/students"):
        html = client.get(where).text
        assert not re.search(r"<style|<script(?! src=)|\son[a-z]+=|javascript:|hx-on|hx-vals", html)


def test_a_form_that_is_too_large_is_refused_however_it_is_sent(opened: Opened) -> None:
    client = opened.client()
    there = f"{opened.answer()}/decision"
    large = b"comment=" + b"x" * 1_100_000
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.post(there, content=large, headers=form).status_code == 413
    pieces = (large[at : at + 65536] for at in range(0, len(large), 65536))
    assert client.post(there, content=pieces, headers=form).status_code == 413


def test_names_of_graders_and_roles_are_checked() -> None:
    assert parse_reviewer("bob") == Reviewer(name="bob", role=Role.GRADER)
    assert parse_reviewer("carol:head").role is Role.HEAD
    for wrong in ("", "a b", "<b>", "x:boss", "x" * 65, ":head"):
        with pytest.raises(ConfigError, match="expected"):
            parse_reviewer(wrong)


def test_another_host_needs_https_before_it(opened: Opened) -> None:
    request = DeskRequest(
        results=opened.desk.results,
        assignment=ASSIGNMENT,
        offering=ASSIGNMENT.name,
        reviewers=(),
        host="0.0.0.0",  # noqa: S104 -- that it is refused
    )
    with pytest.raises(ConfigError, match="https"):
        address_of(request, 8690)


def test_a_head_makes_a_new_link_which_is_noted_first_and_ends_no_session(opened: Opened) -> None:
    ben = Reviewer(name="ben", role=Role.GRADER)
    opened.desk = replace(opened.desk, people=(ben,))
    at_work, head = opened.client("ben", Role.GRADER), opened.client("ann")
    assert "A new link for somebody" in head.get("/").text
    assert "A new link for somebody" not in at_work.get("/").text
    assert at_work.post("/links", data={"name": "ben"}).status_code == 403
    assert head.post("/links", data={"name": "zed"}).status_code == 422
    try:
        said = head.post("/links", data={"name": "ben"}).json()["sentence"]
        (line,) = opened.desk.links.lines()
        assert (line["author"], line["for"]) == ("ann", "ben")
    finally:
        opened.desk.links.path.unlink(missing_ok=True)  # the class is shared
    token = said.rpartition("#")[2]
    other = opened.client("nobody", Role.NOBODY)
    assert other.post("/enter", data={"token": token}).json()["state"] == "entered"
    assert "<b>ben</b>, grader" in other.get("/").text
    assert at_work.get("/").status_code == 200
    assert other.post("/enter", data={"token": token}).status_code == 403  # good once
