"""`understory ...`: bring data in, read customers, ask for strategies, manage cases and keys.

Results go to stdout, progress to stderr. Anything that the user can mend is one line on stderr and exit code 2.
"""

import os
import sys

import typer
from alembic.util import CommandError
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from typer.exceptions import TyperException

from app.cli.backup import backup_commands
from app.cli.brief import brief_commands
from app.cli.campaign import campaign
from app.cli.chat import chat_commands
from app.cli.churn import churn_commands
from app.cli.data import data_commands
from app.cli.explain import explain_commands
from app.cli.fit import fit
from app.cli.identity import identity
from app.cli.intent import intent_commands
from app.cli.kb import kb
from app.cli.keys import keys
from app.cli.model import model
from app.cli.moves import move_commands
from app.cli.paths import path_commands
from app.cli.plan import plan_commands
from app.cli.predict import predict_commands
from app.cli.profile import profile
from app.cli.quality import quality_commands, quarantine, sources
from app.cli.queue import queue
from app.cli.reading import reading_commands
from app.cli.reflect import reflect_commands
from app.cli.segments import segments
from app.cli.workspace import workspace
from app.errors import UnderstoryError

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
cli.add_typer(data_commands)
cli.add_typer(quality_commands)
cli.add_typer(reading_commands)
cli.add_typer(move_commands)
cli.add_typer(intent_commands)
cli.add_typer(path_commands)
cli.add_typer(plan_commands)
cli.add_typer(explain_commands)
cli.add_typer(churn_commands)
cli.add_typer(brief_commands)
cli.add_typer(reflect_commands)
cli.add_typer(predict_commands)
cli.add_typer(backup_commands)
cli.add_typer(chat_commands)
cli.add_typer(sources, name="sources")
cli.add_typer(quarantine, name="quarantine")
cli.add_typer(profile, name="profile")
cli.add_typer(identity, name="identity")
cli.add_typer(kb, name="kb")
cli.add_typer(segments, name="segments")
cli.add_typer(campaign, name="campaign")
cli.add_typer(queue, name="queue")
cli.add_typer(fit, name="fit")
cli.add_typer(keys, name="keys")
cli.add_typer(model, name="model")
cli.command("workspace")(workspace)


def main() -> None:
    """Entry point: run a command, turn expected errors into one line and exit code 2."""
    try:
        sys.exit(cli(standalone_mode=False) or 0)
    except UnderstoryError as error:
        fault = str(error)
    except TyperException as error:
        fault = f"{error.format_message()} (`understory --help` shows how)"
    except ValidationError as error:
        fault = f"settings: {error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}"
    except OperationalError as error:
        busy = "locked" in str(error.orig)
        fault = "another command is writing to this database; try again" if busy else f"database: {error.orig}"
    except (SQLAlchemyError, CommandError) as error:
        fault = f"database: {error}"
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        fault = f"{error.strerror}: {error.filename or 'output'}"
    sys.stderr.write(f"understory: {' '.join(fault.split())}\n")
    sys.exit(2)
