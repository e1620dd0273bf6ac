"""The `aitys` command."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pymongo.errors import PyMongoError

from crm.cli import programs
from crm.cli.checks import examine_everything, explain_unreachable
from crm.cli.databases import reachable_database
from crm.cli.evaluate_assistant import evaluate_assistant
from crm.cli.evaluate_grounding import evaluate_grounding
from crm.cli.evaluate_knowledge import evaluate_knowledge
from crm.cli.evaluate_privacy import evaluate_privacy
from crm.cli.installation import Installation
from crm.cli.processes import Program, StartError
from crm.cli.supervisor import Supervisor, announcement
from crm.cli.terminal import Terminal
from crm.core.database import Database
from crm.core.migrations import migrate
from crm.core.settings import Settings, SettingsError, load_settings
from crm.demo.seed import seed_demo

app = typer.Typer(
    name="aitys",
    help="Aitys: customers write, the bot answers, operators take over, the CRM fills itself.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
evaluations = typer.Typer(help="Measure the assistant.", no_args_is_help=True)
app.add_typer(evaluations, name="eval")

# The folder the command was called in; settings and data belong to the installation instead.
_called_in = Path.cwd()


def run() -> int:
    """Run the command line and return the exit code; whatever is wrong with the machine is one sentence."""
    os.chdir(Installation.here().root)
    try:
        app()  # leaves by SystemExit
    except (StartError, SettingsError) as error:
        return _fail(str(error))
    except PyMongoError as error:
        return _fail(explain_unreachable(error))
    return 0


def _fail(text: str) -> int:
    sys.stderr.write(f"\naitys: {text}\n")
    return 1


@app.command("run")
def run_all(
    *,
    demo: Annotated[
        bool, typer.Option("--demo/--no-demo", help="Fill an empty database with a demo company.")
    ] = True,
    demo_channels: Annotated[
        bool,
        typer.Option("--demo-channels", help="Try all channels with made-up customers' phones."),
    ] = False,
) -> None:
    """Start everything on this machine; Ctrl-C stops it."""
    settings = load_settings()
    if not demo:
        settings = settings.model_copy(update={"demo": False})
    asyncio.run(_run_all(settings, with_phones=demo_channels))


async def _run_all(settings: Settings, *, with_phones: bool) -> None:
    terminal = Terminal()
    supervisor = Supervisor(
        settings, installation=Installation.here(), terminal=terminal, with_phones=with_phones
    )
    stop = _stop_on_signals(supervisor)
    terminal.say("Starting Aitys")
    starting = asyncio.create_task(supervisor.start())
    try:
        if await _unless(stop, starting):
            for line in announcement(supervisor, terminal):
                terminal.say(line)
            await _unless(stop, asyncio.create_task(supervisor.keep()))
        terminal.say("\nStopping Aitys")
    finally:
        await supervisor.stop()
    terminal.good("Stopped")


async def _unless(stop: asyncio.Event, work: asyncio.Task[None]) -> bool:
    """Wait for the work unless it is to stop before; return whether the work was done."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not work.done():
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return False
    work.result()
    return True


def _stop_on_signals(supervisor: Supervisor) -> asyncio.Event:
    """Return what is set by the first signal to stop; the second one ends everything at once."""
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            supervisor.kill()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    return stop


@app.command("migrate")
def run_migrations() -> None:
    """Bring the database to the shape this version expects; safe to repeat."""

    async def work(_: Settings, database: Database) -> None:
        ran = await migrate(database)
        Terminal().good(f"Migrations: {', '.join(map(str, ran)) if ran else 'nothing to do'}")

    _with_database(work)


@app.command("seed")
def run_seed() -> None:
    """Fill an empty database with the demo company, and tell how to sign in to it."""

    async def work(settings: Settings, database: Database) -> None:
        await migrate(database)
        demo = await seed_demo(settings, database)
        if demo is None:
            Terminal().doubtful("The database is not empty: the demo company was not added.")
        else:
            Terminal().good(f"Demo company: {demo.email}, password: {demo.password}")

    _with_database(work)


def _with_database(work: Callable[[Settings, Database], Coroutine[Any, Any, None]]) -> None:
    async def go() -> None:
        async with reachable_database(load_settings()) as settings:
            database = await Database.connect(settings)
            try:
                await work(settings, database)
            finally:
                await database.close()

    asyncio.run(go())


@app.command("doctor")
def run_doctor() -> None:
    """Look at everything the product needs, and say what is wrong and the way out."""
    terminal = Terminal()
    try:
        settings = load_settings()
    except SettingsError as error:
        terminal.bad(f"Settings: {error}")
        raise typer.Exit(1) from None
    terminal.good("Settings: understood")
    findings = asyncio.run(examine_everything(settings, Installation.here()))
    for finding in findings:
        if finding.trouble:
            terminal.bad(f"{finding.title}: {finding.trouble}")
        else:
            terminal.good(f"{finding.title}: {finding.note}")
    if any(finding.trouble for finding in findings):
        raise typer.Exit(1)


@app.command("web")
def run_web() -> None:
    """Run only the web process: API, console, webhooks, widget."""
    _become(programs.web_program)


@app.command("worker")
def run_worker() -> None:
    """Run only the worker process: sweepers and jobs."""
    _become(programs.worker_program)


@app.command("actions")
def run_actions() -> None:
    """Run only the action server, at AITYS_ACTIONS_URL."""
    _become(programs.actions_program)


@app.command("engine")
def run_engine() -> None:
    """Run only the dialogue engine, at AITYS_ENGINE_URL."""
    _become(programs.engine_program)


def _become(make: Callable[[Settings, Installation], Program]) -> NoReturn:
    """Turn this process into another one; only a failure returns."""
    program = make(load_settings(), Installation.here())
    try:
        os.execve(program.command[0], list(program.command), dict(program.environment))  # noqa: S606
    except OSError as error:
        raise StartError(
            f"{program.command[0]} cannot be started ({error.strerror}): run `make setup`."
        ) from None


@evaluations.command("nlu")
def evaluate_nlu(
    file: Annotated[Path, typer.Argument(help='One {"text", "intent", "lang"?} a line.')],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure how well the trained assistant understands the messages of FILE."""
    installation = Installation.here()
    if not installation.engine_python.exists() or not installation.has_model():
        raise StartError("The assistant is not trained yet: run `make setup`.")
    path = _called_in / file
    if not path.is_file():
        raise StartError(f"There is no file {path}.")
    command = [str(installation.engine_python), "-m", "bot.engine.evaluate", str(path)]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"PYTHONPATH", "PYTHONHOME"}
    }
    code = subprocess.run(
        [*command, "--json"] if as_json else command,
        cwd=installation.root,
        env={
            **environment,
            **programs.QUIET_OLD_LIBRARIES,
            "RASA_TELEMETRY_ENABLED": "false",
        },
        check=False,
    ).returncode
    raise typer.Exit(code)


@evaluations.command("knowledge")
def evaluate_answers(
    *,
    documents: Annotated[
        Path, typer.Option(help="Folder of documents, of any type the knowledge base takes.")
    ],
    questions: Annotated[
        Path,
        typer.Option(
            help='One {"text", "lang", "evidence", "must_contain", "history", "kind"} a line.'
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Measure how well the questions of a file are answered from a folder of documents, without a language model."""
    typer.echo(evaluate_knowledge(_called_in / documents, _called_in / questions, as_json=as_json))


@evaluations.command("privacy")
def evaluate_masking(
    files: Annotated[
        list[Path],
        typer.Argument(help='Lines of {"text", "lang", "entities": [{"type", "value"}]}.'),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    show_mistakes: Annotated[
        bool, typer.Option("--mistakes", help="List what was missed or masked in vain.")
    ] = False,
) -> None:
    """Measure how well personal data is masked in the messages of the files."""
    paths = [_called_in / file for file in files]
    typer.echo(evaluate_privacy(paths, as_json=as_json, show_mistakes=show_mistakes))


@evaluations.command("grounding")
def evaluate_checks(
    file: Annotated[
        Path,
        typer.Argument(help='Lines of {"lang", "question", "passages", "sentences"}.'),
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    show_mistakes: Annotated[
        bool, typer.Option("--mistakes", help="List the sentences that were misjudged.")
    ] = False,
) -> None:
    """Measure how well sentences that no passage supports are told from the others."""
    typer.echo(evaluate_grounding(_called_in / file, as_json=as_json, show_mistakes=show_mistakes))


@evaluations.command("assistant")
def evaluate_suites(
    *,
    organization: Annotated[
        str | None, typer.Option(help="Slug or id; not needed where there is only one.")
    ] = None,
    suite: Annotated[str | None, typer.Option(help="Name of one suite; else all are run.")] = None,
    target: Annotated[str, typer.Option(help="draft, published or a version's number.")] = "draft",
    allow_calls: Annotated[
        bool, typer.Option("--allow-calls", help="The runs may call the language model's provider.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Run an organization's test suites; exits with 1 when a case fails, with 2 for a wrong call."""
    raise typer.Exit(
        evaluate_assistant(
            load_settings(),
            organization=organization,
            suite=suite,
            target=target,
            allow_calls=allow_calls,
            as_json=as_json,
        )
    )


if __name__ == "__main__":
    sys.exit(run())
