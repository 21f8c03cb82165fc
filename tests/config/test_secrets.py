"""Secrets come from the environment, from named files and from .env; they never come out in a text."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bot.config import ConfigError, examine, load
from bot.config.secrets import NAMES, is_placeholder
from tests.config.shop import ON_X, SECRETS, SOUND, X_SECRETS, opened, refused


def test_the_shop_runs_with_the_secrets_that_it_needs(tmp_path: Path) -> None:
    secrets = opened(tmp_path, SOUND, SECRETS, secrets=True).secrets
    assert secrets.telegram_bot_token is not None
    assert secrets.telegram_bot_token.get_secret_value() == SECRETS["TELEGRAM_BOT_TOKEN"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_named(tmp_path: Path, name: str) -> None:
    """F107"""
    for env in ({**SECRETS, name: ""}, {key: value for key, value in SECRETS.items() if key != name}):
        (problem,) = refused(tmp_path, SOUND, env, secrets=True)
        assert (problem.key, problem.wrong) == (name, "it is not set")


def test_a_webhook_needs_its_secret(tmp_path: Path) -> None:
    text = SOUND.replace("enabled = true", 'mode = "webhook"') + '[web]\npublic_url = "https://e.org"'
    (problem,) = refused(tmp_path, text, SECRETS, secrets=True)
    assert problem.key == "TELEGRAM_WEBHOOK_SECRET"


def test_a_shop_that_is_not_on_telegram_needs_no_token(tmp_path: Path) -> None:
    env = {name: value for name, value in SECRETS.items() if "STRIPE" in name}
    assert refused(tmp_path, SOUND.replace("enabled = true", "enabled = false"), env, secrets=True) == ()


@pytest.mark.parametrize("name", X_SECRETS)
def test_a_shop_on_x_alone_needs_its_own_secrets(tmp_path: Path, name: str) -> None:
    """F107"""
    assert refused(tmp_path, ON_X, X_SECRETS, secrets=True) == ()
    (problem,) = refused(tmp_path, ON_X, {**X_SECRETS, name: ""}, secrets=True)
    assert (problem.key, problem.wrong) == (name, "it is not set")


def test_a_shop_that_is_not_on_x_needs_none_of_its_secrets(tmp_path: Path) -> None:
    off = SOUND + '[channels.x]\nenabled = false\nmode = "webhook"\n'
    assert refused(tmp_path, off, SECRETS, secrets=True) == ()


def test_every_missing_secret_of_x_is_told_with_where_it_is_found(tmp_path: Path) -> None:
    text = ON_X.replace("[channels.x]", '[channels.x]\nmode = "webhook"') + '[web]\npublic_url = "https://e.org"'
    problems = refused(tmp_path, text, SECRETS, secrets=True)
    assert [problem.key for problem in problems] == [name for name in NAMES if name.startswith("X_")]
    assert all("console.x.com" in problem.remedy for problem in problems)


def test_x_calls_back_only_a_shop_that_has_the_apps_own_token(tmp_path: Path) -> None:
    text = (
        ON_X.replace("[channels.x]", '[channels.x]\nmode = "webhook"') + '[web]\npublic_url = "http://localhost:8080"'
    )
    (problem,) = refused(tmp_path, text, X_SECRETS, secrets=True)
    assert problem.key == "X_BEARER_TOKEN"
    assert refused(tmp_path, text, X_SECRETS | {"X_BEARER_TOKEN": "AAAAAAAA%2FfAkE%3D"}, secrets=True) == ()


def test_check_names_the_missing_secrets_of_x(tmp_path: Path) -> None:
    path = tmp_path / "bot.toml"
    path.write_text(ON_X)
    assert {problem.key for problem in examine(path, {}).missing} == set(X_SECRETS)


def test_commands_that_need_no_secrets_do_not_look_at_them(tmp_path: Path) -> None:
    assert opened(tmp_path, SOUND, {"STRIPE_API_KEY": "changeme"}).secrets.stripe_api_key is None


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("TELEGRAM_BOT_TOKEN", "changeme", "placeholder"),
        ("TELEGRAM_BOT_TOKEN", "<token>", "placeholder"),
        ("TELEGRAM_BOT_TOKEN", "123456789", "not a bot token"),
        ("TELEGRAM_BOT_TOKEN", "123456789:short", "not a bot token"),
        ("TELEGRAM_WEBHOOK_SECRET", "with space", "1 to 256"),
        ("TELEGRAM_WEBHOOK_SECRET", "a" * 257, "1 to 256"),
        ("STRIPE_API_KEY", "sk_test_...", "placeholder"),
        ("STRIPE_API_KEY", "sk_test_xxxxxxxx", "placeholder"),
        ("STRIPE_API_KEY", "xxx", "placeholder"),
        ("STRIPE_API_KEY", "pk_test_51Hq8sKd93kd", "not a secret or restricted key"),
        ("STRIPE_API_KEY", "sk_live_51Hq8sKd93kd", "it is a live key, and bot.toml says livemode = false"),
        ("STRIPE_API_KEY", "rk_live_51Hq8sKd93kd", "it is a live key"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_Zk3l9sQm, whsec_...", "placeholder"),
        ("STRIPE_WEBHOOK_SECRET", "we_1NG8Du2eZvKY", "not a signing secret"),
        ("COMPTOIR_ADMIN_PASSWORD", "admin", "placeholder"),
        ("X_BEARER_TOKEN", "your-token-here", "placeholder"),
        ("X_BEARER_TOKEN", "Bearer AAAAAAAAAAAAAAAAAAAAAMLheAAAAAAA", "holds a space"),
        ("X_CONSUMER_KEY", "<api key>", "placeholder"),
        ("X_CONSUMER_SECRET", "clé", "a letter beyond A-Z"),
        ("X_ACCESS_TOKEN", "1234567890-xxxxxxxxxxxxxxxx", "placeholder"),
        ("X_ACCESS_TOKEN", "fAkEcOnSuMeRkEyfAkEcOnSuM", "the digits are the account's user id"),
        ("X_ACCESS_TOKEN", "123456789:AAFakeTokenFakeTokenFakeTok", "which reads digits-letters"),
        ("X_ACCESS_TOKEN", "1900000000000000001-", "placeholder"),
        ("X_ACCESS_TOKEN", "1900000000000000001-with space", "which reads digits-letters"),
    ],
)
def test_a_secret_that_cannot_be_right_is_refused(tmp_path: Path, name: str, value: str, sentence: str) -> None:
    """F107"""
    (problem,) = refused(tmp_path, SOUND, SECRETS | {name: value}, secrets=True)
    assert problem.key == name
    assert sentence in problem.wrong


def test_a_test_key_does_not_take_real_money(tmp_path: Path) -> None:
    """F107"""
    live = SOUND.replace("livemode = false", "livemode = true")
    (problem,) = refused(tmp_path, live, SECRETS, secrets=True)
    assert "it is a test key, and bot.toml says livemode = true" in problem.wrong
    assert refused(tmp_path, live, SECRETS | {"STRIPE_API_KEY": "rk_live_51Hq8sKd93kd"}, secrets=True) == ()


@pytest.mark.parametrize(
    "text",
    [
        *SECRETS.values(),
        *X_SECRETS.values(),
        "1900000000000000001-sandbox",
        "a",
        "hunter2-and-more",
        "sk_test_123",
        "whsec_process",
    ],
)
def test_a_real_secret_is_not_taken_for_a_placeholder(text: str) -> None:
    assert not is_placeholder(text)


def test_a_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("  rk_test_fromAFile\n")
    env = {**SECRETS, "STRIPE_API_KEY": "", "STRIPE_API_KEY_FILE": str(tmp_path / "key")}
    key = opened(tmp_path, SOUND, env, secrets=True).secrets.stripe_api_key
    assert key is not None
    assert key.get_secret_value() == "rk_test_fromAFile"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "does not exist"), (b"\n", "is empty"), (b"\xff\xfe", "cannot be read"), (b"a" * 70_000, "too large")],
)
def test_a_secrets_file_that_gives_nothing_is_one_problem(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    """F107"""
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    env = {**SECRETS, "STRIPE_API_KEY": "", "STRIPE_API_KEY_FILE": "key"}
    (problem,) = refused(tmp_path, SOUND, env, secrets=True)
    assert problem.key == "STRIPE_API_KEY_FILE"
    assert sentence in problem.wrong


def test_a_secret_and_its_file_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("rk_test_other")
    (problem,) = refused(tmp_path, SOUND, SECRETS | {"STRIPE_API_KEY_FILE": "key"}, secrets=True)
    assert "are both set" in problem.wrong


def test_the_dotenv_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    lines = [f"{name}={value}" for name, value in SECRETS.items()]
    (tmp_path / ".env").write_text("# secrets\n" + "\n".join([*lines, 'COMPTOIR_ADMIN_PASSWORD="a long $HOME one"']))
    settings = opened(tmp_path, SOUND, {"STRIPE_API_KEY": "rk_test_environment"}, secrets=True)
    key, password = settings.secrets.stripe_api_key, settings.secrets.comptoir_admin_password
    assert key is not None
    assert password is not None
    assert key.get_secret_value() == "rk_test_environment"
    assert password.get_secret_value() == "a long $HOME one"


def test_faults_of_the_dotenv_file_have_a_line(tmp_path: Path) -> None:
    """F107"""
    (tmp_path / ".env").write_text("# a\n\nSTRIPE_API_KEY=changeme\n!!! not a setting\n")
    env = {name: value for name, value in SECRETS.items() if name != "STRIPE_API_KEY"}
    found = {(problem.key, problem.line) for problem in refused(tmp_path, SOUND, env, secrets=True)}
    assert found == {("STRIPE_API_KEY", 3), (".env", 4)}


def test_several_signing_secrets_hold_while_one_is_rotated(tmp_path: Path) -> None:
    settings = opened(tmp_path, SOUND, SECRETS | {"STRIPE_WEBHOOK_SECRET": "whsec_old , whsec_new,"}, secrets=True)
    assert [each.get_secret_value() for each in settings.secrets.stripe_webhook_secret] == ["whsec_old", "whsec_new"]


CANARY = "c4n4ryC4N4RY"


def test_no_secret_is_shown_by_settings(tmp_path: Path) -> None:
    """F120"""
    env = SECRETS | {
        "TELEGRAM_BOT_TOKEN": f"123456789:{CANARY * 3}",
        "TELEGRAM_PROVIDER_TOKEN": f"123456789:TEST:{CANARY}",
        "X_ACCESS_TOKEN": f"1900000000000000001-{CANARY}",
        "STRIPE_API_KEY": f"rk_test_{CANARY}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{CANARY},whsec_2{CANARY}",
    }
    rest = {name: CANARY for name in NAMES if name not in env and name != "DATABASE_URL"}
    settings = opened(tmp_path, SOUND, env | rest, secrets=True)
    assert CANARY not in f"{settings!r} {settings} {settings.secrets!r}"


def test_no_secret_is_shown_by_an_error(tmp_path: Path) -> None:
    """F120"""
    path = tmp_path / "bot.toml"
    path.write_text(SOUND + f'[storage]\nurl = "postgresql://u:{CANARY}@h/d"\npassword = "{CANARY}"\n')
    (tmp_path / ".env").write_text(f"!! {CANARY}\n")
    with pytest.raises(ConfigError) as refusal:
        load(path, {name: f"{CANARY} {CANARY}" for name in NAMES if name != "DATABASE_URL"})
    assert len(refusal.value.problems) >= 5
    assert CANARY not in "".join(traceback.format_exception(refusal.value))


def test_check_wants_no_secrets_but_right_ones(tmp_path: Path) -> None:
    """F107"""
    path = tmp_path / "bot.toml"
    path.write_text(SOUND)
    report = examine(path, {})
    assert report.problems == ()
    assert {problem.key for problem in report.missing} == set(SECRETS)
    assert examine(path, {"STRIPE_API_KEY": "sk_live_51Hq8sKd93kd"}).settings is None
