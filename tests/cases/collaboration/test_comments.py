import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cases.collaboration import comments
from cases.models import Case, CaseEvent, Comment, Kind, Watch
from cases.work import lifecycle
from cases.work.changes import change_case
from data.errors import Refused
from runs.opening import opening
from teams.models import Member, Team, User
from tests.fixtures import Make, take
from tests.markup import one_line
from tests.responses import Response

pytestmark = pytest.mark.django_db


@pytest.fixture
def case(make_case: Make[Case]) -> Case:
    return make_case("Charged twice")


@pytest.fixture
def ada(make_member: Make[Member]) -> User:
    return named(make_member(), "Ada", "Lovelace")


def named(member: Member, first: str, last: str = "") -> User:
    member.user.first_name, member.user.last_name = first, last
    member.user.save()
    return member.user


def page(client: Client, case: Case) -> str:
    return one_line(client.get(reverse("case", args=[case.pk])).text)


def say(client: Client, case: Case, text: str) -> Response:
    return client.post(reverse("comment_add", args=[case.pk]), {"text": text})


def listed(client: Client, mine: str) -> list[str]:
    return re.findall(r'<tr id="case-([0-9a-f-]+)"', client.get(reverse("cases"), {"mine": mine}).content.decode())


# --- Comments --------------------------------------------------------------------------------


def test_a_comment_stands_in_the_timeline_as_markdown(signed_in: Client, case: Case, member: Member) -> None:
    response = say(signed_in, case, "Paid **back**, <script>x</script>")
    said = Comment.objects.get()
    assert response["Location"] == f"{reverse('case', args=[case.pk])}#comment-{said.pk}"
    html = page(signed_in, case)
    assert f'id="comment-{said.pk}"' in html
    assert "Paid <strong>back</strong>, &lt;script&gt;x&lt;/script&gt;" in html
    assert f"{member.user} commented" in html
    event = case.events.last()
    assert event and (event.kind, event.user, event.status) == (Kind.COMMENTED, member.user, case.status)


@pytest.mark.parametrize("text", ["", " \r\n", "x" * 10_001, "a\x00b"])
def test_a_comment_that_cannot_be_kept_is_not_lost(signed_in: Client, case: Case, text: str) -> None:
    response = say(signed_in, case, text)
    assert response.status_code == 422
    assert text.strip() in response.content.decode()
    assert not Comment.objects.exists()


def test_one_changes_ones_own_comment(signed_in: Client, case: Case, member: Member) -> None:
    said = comments.comment(case, "Frist", member.user)
    address = reverse("comment_edit", args=[said.pk])
    assert "Frist" in signed_in.get(address).content.decode()
    assert signed_in.post(address, {"text": " "}).status_code == 422
    assert signed_in.post(address, {"text": "First"}).status_code == 302
    html = page(signed_in, case)
    assert "First" in html and "Frist" not in html and "changed " in html


def test_a_deleted_comment_leaves_no_text(signed_in: Client, case: Case, member: Member) -> None:
    said = comments.comment(case, "Not for here", member.user)
    signed_in.post(reverse("comment_delete", args=[said.pk]))
    html = page(signed_in, case)
    assert "Not for here" not in html and "This comment was deleted." in html
    assert signed_in.get(reverse("comment_edit", args=[said.pk])).status_code == 404
    assert not CaseEvent.objects.filter(text__contains="Not for here").exists()


def test_nobody_changes_the_comments_of_others(signed_in: Client, case: Case, ada: User) -> None:
    said = comments.comment(case, "Mine", ada)
    assert reverse("comment_edit", args=[said.pk]) not in page(signed_in, case)
    for name in ("comment_edit", "comment_delete"):
        assert signed_in.post(reverse(name, args=[said.pk]), {"text": "Yours"}).status_code == 404
    said.refresh_from_db()
    assert said.text == "Mine"
    with pytest.raises(Refused):
        comments.change(said, "Yours", User.objects.exclude(pk=ada.pk).first() or ada)


def test_agents_do_not_see_comments(case: Case, member: Member, make_agent, queue) -> None:
    make_agent(queue=queue)
    comments.comment(case, "Only for people", member.user)
    [claim] = take()
    told = opening.open_work(claim).steps[0].data["prompt"]
    assert case.title in told and "Only for people" not in told


def test_comments_of_a_long_case_are_read_in_one_query(
    signed_in: Client, case: Case, member: Member, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    comments.comment(case, "One", member.user)
    page(signed_in, case)
    with django_assert_max_num_queries(21) as first:
        page(signed_in, case)
    queries = len(first)
    for number in range(5):
        comments.comment(case, f"More {number}", member.user)
    page(signed_in, case)
    with django_assert_num_queries(queries):
        page(signed_in, case)


# --- Mentions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@Ada Lovelace, look", ["@Ada Lovelace"]),
        ("Please look, @ada lovelace.", ["@ada lovelace"]),
        ("(@ada@example.com)", ["@ada@example.com"]),
        ("@ada and @grace", ["@ada", "@grace"]),
        ("ada@example.com", []),
        ("@adam", []),
        ("@ada.b@example.com", []),
        ("nobody", []),
    ],
)
def test_members_are_mentioned_by_name_or_address(text: str, found: list[str]) -> None:
    members = [User(email="ada@example.com", first_name="Ada", last_name="Lovelace"), User(email="grace@example.com")]
    assert list(comments.mentioned(text, members)) == found


def test_a_name_that_two_members_have_mentions_nobody() -> None:
    members = [User(pk=1, email="ada@one.example"), User(pk=2, email="ada@two.example")]
    assert comments.mentioned("@ada", members) == {}
    assert [user.pk for user in comments.mentioned("@ada@two.example", members).values()] == [2]


def test_a_mentioned_member_watches_the_case_and_finds_it(
    signed_in: Client, client: Client, case: Case, ada: User, member: Member
) -> None:
    say(signed_in, case, "@Ada Lovelace, is this **yours**?")
    assert "<mark>@Ada Lovelace</mark>, is this <strong>yours</strong>?" in page(signed_in, case)
    assert listed(signed_in, "mentioned") == []
    hers = Client()
    hers.force_login(ada)
    assert listed(hers, "mentioned") == listed(hers, "watched") == listed(hers, "news") == [str(case.pk)]
    page(hers, case)
    assert listed(hers, "mentioned") == listed(hers, "news") == []
    assert listed(hers, "watched") == [str(case.pk)]


def test_only_who_is_mentioned_again_is_told_of_a_change(case: Case, ada: User, member: Member, make_member) -> None:
    grace = named(make_member(), "Grace")
    said = comments.comment(case, "@Ada Lovelace", member.user)
    Watch.objects.update(mentioned_at=None)
    comments.change(said, "@Ada Lovelace and @Grace", member.user)
    assert [row.user for row in Watch.objects.filter(mentioned_at__isnull=False)] == [grace]


def test_members_of_other_teams_cannot_be_mentioned(case: Case, member: Member, make_team, make_member) -> None:
    stranger = named(make_member(of=make_team()), "Eve")
    said = comments.comment(case, "@Eve and @eve", member.user)
    assert said.mentions == []
    assert not Watch.objects.filter(user=stranger).exists()


# --- Watching --------------------------------------------------------------------------------


def test_who_comments_watches(signed_in: Client, case: Case, member: Member) -> None:
    say(signed_in, case, "Mine now")
    assert Watch.objects.get().user == member.user
    assert f"{member.user} (you)" in page(signed_in, case)


def test_a_watched_case_has_news_until_it_was_looked_at(signed_in: Client, case: Case, make_case: Make[Case]) -> None:
    make_case()
    signed_in.post(reverse("case_watch", args=[case.pk]), {"watch": "1"})
    assert listed(signed_in, "watched") == [str(case.pk)]
    assert listed(signed_in, "news") == []
    change_case(lifecycle.lock(case.pk), title="Charged three times")
    assert listed(signed_in, "news") == [str(case.pk)]
    page(signed_in, case)
    assert listed(signed_in, "news") == []
    signed_in.post(reverse("case_watch", args=[case.pk]))
    assert listed(signed_in, "watched") == []


def test_a_page_that_came_late_does_not_hide_news(case: Case, member: Member) -> None:
    comments.watch(case, member.user)
    row = Watch.objects.get()
    Watch.objects.update(seen_seq=9, mentioned_at=timezone.now())
    comments.mark_seen(row, 5)
    row.refresh_from_db()
    assert row.seen_seq == 9 and row.mentioned_at


def test_a_case_is_watched_within_its_team(case: Case, make_team: Make[Team], member: Member) -> None:
    assert Watch(case=case, team=case.team, user=member.user).team_id == case.team_id
    assert listed_nonsense(member) == []


def listed_nonsense(member: Member) -> list[str]:
    client = Client()
    client.force_login(member.user)
    return listed(client, "nonsense")
