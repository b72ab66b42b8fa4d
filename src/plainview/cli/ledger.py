"""The transparency log: `plainview ledger verify | prove | check-proof | show | key | …`."""

from pathlib import Path
from typing import Annotated

import typer
from typer import Argument, Option

from plainview.governance.person import Role

# ruff: noqa: PLC0415 - a command imports its job when it runs: start-up time counts
# ruff: noqa: D301 - \b keeps the lines of examples apart in --help
# ruff: noqa: FBT002 - Typer makes a flag from a boolean with a default


ledger_app = typer.Typer(
    help="The transparency log: verify it, prove an entry, run a witness.",
    epilog='\b\nExample: plainview ledger verify https://city.example/ --key "$KEY" '
    "--remember city.checkpoint",
    rich_markup_mode=None,
)

State = Annotated[Path | None, Option("--state", help="State folder.", show_default=False)]
Key = Annotated[str, Option("--key", help="The log's verifier key.")]
From = Annotated[
    str | None,
    Option(
        "--from",
        help="Folder or address of the ledger, instead of the state folder's.",
        show_default=False,
    ),
]
Policy = Annotated[
    Path | None,
    Option(help="Who must have cosigned: a C2SP tlog-policy file.", show_default=False),
]
Witnesses = Annotated[
    list[str] | None,
    Option("--witness", help="Verifier key of a witness; repeat it.", show_default=False),
]
Quorum = Annotated[
    int | None,
    Option(help="How many of the --witness keys must have cosigned; all without.", min=0),
]
Name = Annotated[str, Option("--name", help="Who asks; only a commitment to it is public.")]
As = Annotated[Role, Option("--role", help="The role of who asks.")]
Why = Annotated[str, Option("--why", help="The reason, for the ledger. No names.")]
Commitment = Annotated[str, Argument(help="64 hexadecimal digits, as the ledger has them.")]


@ledger_app.command()
def verify(
    where: Annotated[str, Argument(help="Folder, or address of a Plainview or of a log.")],
    key: Key,
    remember: Annotated[
        Path | None,
        Option(help="File with the checkpoint of the last visit; gets the present one."),
    ] = None,
    policy: Policy = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
    state_url: Annotated[
        str | None, Option(help="Address of the Plainview that must run as the ledger says.")
    ] = None,
    log_only: Annotated[
        bool, Option("--log-only", help="A copy of the log: do not ask what runs now.")
    ] = False,
) -> int:
    """Derive everything again and print what was checked, and every lie. Exit 1 if there is one.

    \b
    Example: plainview ledger verify https://city.example/ --key "$KEY" --remember city.checkpoint
    Example: plainview ledger verify .state/ledger --key "$(plainview ledger key)"
    """
    from plainview.app.ledger import policy_from, verify_ledger

    held = verify_ledger(
        where,
        key=key,
        remember=remember,
        policy=policy_from(policy, witness or (), quorum),
        log_only=log_only,
        state_url=state_url,
        say=typer.echo,
    )
    return 0 if held else 1


@ledger_app.command()
def prove(
    index: Annotated[int, Argument(help="The entry's place, from 0.", min=0)],
    where: From = None,
    state: State = None,
    out: Annotated[Path | None, Option(help="Write the proof here.", show_default=False)] = None,
    entry: Annotated[
        Path | None, Option(help="Write the entry here: the proof is of it.", show_default=False)
    ] = None,
) -> None:
    """Write the proof that an entry is in the ledger, to be checked offline (C2SP tlog-proof).

    \b
    Example: plainview ledger prove 12 --out 12.tlog-proof --entry 12.json
    """
    from plainview.app.entries import prove as job

    for line in job(index, where=where, state=state, out=out, entry=entry):
        typer.echo(line)


@ledger_app.command("check-proof")
def check_proof(
    file: Annotated[Path, Argument(help="The .tlog-proof file.")],
    entry: Annotated[Path, Option(help="The file with the entry.")],
    key: Key,
    policy: Policy = None,
    witness: Witnesses = None,
    quorum: Quorum = None,
) -> None:
    """Check a proof with nothing but the entry and the log's key. Exit 1 if it does not hold.

    \b
    Example: plainview ledger check-proof 12.tlog-proof --entry 12.json --key "$KEY"
    """
    from plainview.app.entries import check_proof as job
    from plainview.app.ledger import policy_from

    asked = policy_from(policy, witness or (), quorum)
    for line in job(file, entry=entry, key=key, policy=asked):
        typer.echo(line)


@ledger_app.command()
def show(
    where: From = None,
    state: State = None,
    since: Annotated[
        str | None, Option(help="Entries from this date on, UTC.", show_default=False)
    ] = None,
    kind: Annotated[
        str | None, Option(help="Entries of this kind only.", show_default=False)
    ] = None,
    last: Annotated[
        int | None, Option(help="So many of the last entries only.", min=1, show_default=False)
    ] = None,
) -> None:
    """List the ledger's entries in words. 'ledger verify' says whether they are true.

    \b
    Example: plainview ledger show --since 2026-11-01 --kind permit-granted
    """
    from plainview.app.entries import show as job

    for line in job(where=where, state=state, since=since, kind=kind, last=last):
        typer.echo(line)


@ledger_app.command()
def key(state: State = None) -> None:
    """Print the ledger's verifier key, to be published.

    \b
    Example: plainview ledger key --state /var/lib/plainview
    """
    from plainview.app.ledger import vkey

    typer.echo(vkey(state))


@ledger_app.command("open")
def open_(
    commitment: Commitment,
    name: Name,
    why: Why,
    role: As = Role.COMMISSIONER,
    state: State = None,
) -> None:
    """Show an auditor what a salted commitment is to; that it was shown is recorded first.

    \b
    Example: plainview ledger open 9f2c… --name "Ada Wong" --why "audit of 2026"
    """
    from plainview.app.commitments import open_commitment

    for line in open_commitment(commitment, name=name, role=role, why=why, state=state):
        typer.echo(line)


@ledger_app.command()
def erase(
    commitment: Commitment,
    name: Name,
    why: Why,
    role: As = Role.PRIVACY_OFFICER,
    state: State = None,
) -> None:
    """Forget for good what a salted commitment is to; recorded first. The ledger stays as it is.

    \b
    Example: plainview ledger erase 9f2c… --name "Bo Lam" --why "asked for by the person"
    """
    from plainview.app.commitments import erase_commitment

    typer.echo(erase_commitment(commitment, name=name, role=role, why=why, state=state))


@ledger_app.command()
def witness(
    log: Annotated[list[str], Option("--log", help="Verifier key of a log to watch; repeat it.")],
    state: Annotated[Path, Option("--state", help="The witness's own folder: keys and memory.")],
    name: Annotated[
        str | None, Option(help="Its name, at the first start.", show_default=False)
    ] = None,
    signs: Annotated[str, Option(help="ed25519, ml-dsa-44 or both.")] = "both",
    host: Annotated[str, Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Option(help="Port to listen on.", min=0, max=65535)] = 8430,
) -> None:
    """Run a witness: it cosigns checkpoints that extend all it saw before, and nothing else.

    \b
    Example: plainview ledger witness --log "$KEY" --name w.example.org --state witness
    """
    from plainview.app.witness import run_witness

    run_witness(logs=log, state=state, name=name, signs=signs, host=host, port=port, say=typer.echo)
