"""Commands about accounts: `flask user` and `flask apikey`."""

from collections.abc import Sequence
from datetime import timedelta

import click

from textor import bootstrap
from textor.commands import Commands, table
from textor.domain import scopes, setting_values
from textor.features.accounts import api_keys, members, spending, users
from textor.features.accounts.users import NewUser

user = Commands("user", help="Accounts.")
apikey = Commands("apikey", help="Keys for programs.")
GROUPS = (user, apikey)


@user.command("create")
@click.argument("username")
@click.argument("email")
@click.option("--admin", is_flag=True, help="May see and do everything.")
@click.password_option(help="Asked for where it is not given.")
def create_user(username: str, email: str, password: str, *, admin: bool) -> None:
    """Create an account. The first one is an admin's."""
    created = users.register(bootstrap.tools(), NewUser(username, email, password))
    if admin:
        created = members.promote(created.username)
    click.echo(f"Created {created.username}, {created.role}.")


@user.command("promote")
@click.argument("username")
def promote_user(username: str) -> None:
    """Make somebody an admin."""
    click.echo(f"{members.promote(username).username} is an admin now.")


@user.command("list")
def list_users() -> None:
    """All accounts."""
    tools, rows = bootstrap.tools(), []
    spent = spending.of_everybody(tools)
    for one in members.everyone():
        budget = tools.settings.monthly_budget if one.monthly_budget is None else one.monthly_budget
        money = (f"${spent.get(one.id, 0.0):.2f}", "" if budget is None else f"${budget:.2f}")
        rows.append((one.username, one.email or "", one.role, f"{one.created_at:%Y-%m-%d}", *money))
    table(("NAME", "EMAIL", "ROLE", "SINCE", "THIS MONTH", "BUDGET"), rows)


@user.command("budget")
@click.argument("username")
@click.argument("amount", metavar="AMOUNT|none", callback=lambda _ctx, _param, told: _amount(told))
def set_budget(username: str, amount: float | None) -> None:
    """What somebody's transcriptions may cost in a month, in US dollars. none: what MONTHLY_BUDGET allows everybody."""
    name = members.set_budget(username, amount).username
    everybody = bootstrap.tools().settings.monthly_budget
    if amount is not None:
        click.echo(f"{name} may spend ${amount:.2f} a month.")
    elif everybody is not None:
        click.echo(f"{name} may spend what everybody may: ${everybody:.2f} a month.")
    else:
        click.echo(f"{name} may spend without a limit.")


def _amount(told: str) -> float | None:
    try:
        return None if told == "none" else setting_values.amount(told)
    except ValueError as error:
        raise click.BadParameter(f"{error}, or none.") from error


@user.command("quota")
@click.argument("username")
@click.argument("rule", metavar="QUOTA|none", callback=lambda _ctx, _param, told: None if told == "none" else told)
def set_quota(username: str, rule: str | None) -> None:
    """How much work somebody's programs may create, such as "100/day". none: what QUOTA_USER allows everybody."""
    name = members.set_quota(username, rule).username
    everybody = bootstrap.tools().settings.quota_user
    click.echo(f"{name}'s programs may create {rule}." if rule else f"{name}'s programs may create what all may: {everybody}.")


@apikey.command("create")
@click.argument("username")
@click.argument("name")
@click.option(
    "--scope", "wanted", multiple=True, type=click.Choice(scopes.SCOPES), help="May be given many times; default: all but admin."
)
@click.option("--expires-days", type=click.IntRange(1, 36_500), default=None, help="Default: it is good until it is revoked.")
def create_key(username: str, name: str, wanted: Sequence[str], expires_days: int | None) -> None:
    """Make a key for somebody and print it: it is shown this once."""
    tools, owner = bootstrap.tools(), members.named(username)
    expires_at = None if expires_days is None else tools.clock.now() + timedelta(days=expires_days)
    made = api_keys.create(tools, owner.id, name, wanted or scopes.EVERYBODYS, expires_at)
    click.echo(f"Key {made.row.id} of {owner.username}, for {', '.join(made.row.scopes)}. It is not shown again:", err=True)
    click.echo(made.text)


@apikey.command("revoke")
@click.argument("which", metavar="PREFIX|ID")
def revoke_key(which: str) -> None:
    """End a key, at once. It is named by its number, or by how it begins."""
    key = api_keys.named(which)
    api_keys.revoke(bootstrap.tools(), key.user_id, key.id)
    click.echo(f"Key {key.id}, {key.name}, is revoked.")


@apikey.command("list")
@click.argument("username")
def list_keys(username: str) -> None:
    """Somebody's keys, newest first."""
    rows = [
        (
            str(key.id),
            key.name,
            f"{key.prefix}...",
            ", ".join(key.scopes),
            *(f"{at:%Y-%m-%d}" if at else "never" for at in (key.last_used_at, key.expires_at)),
        )
        for key in api_keys.listed(members.named(username).id)
    ]
    table(("ID", "NAME", "KEY", "FOR", "LAST USED", "ENDS"), rows)
