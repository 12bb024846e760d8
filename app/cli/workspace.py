"""`understory workspace`: what a shop is, and what customers know it by."""

from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.options import DataDir, WorkspaceName, opened
from app.errors import InvalidInput


def workspace(
    workspace: WorkspaceName = "demo",
    name: Annotated[str | None, typer.Option(help="Name that customers know; messages are signed with it.")] = None,
    data: DataDir = None,
) -> None:
    """Show a workspace; with --name, change what its messages are signed with."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        if name is not None:
            try:
                shop = app.pipeline.access.rename(shop.workspace_id, name)
            except ValidationError as error:
                raise InvalidInput(f"--name: {error.errors()[0]['msg']}") from None
    print(f"{shop.workspace_id}  signed {shop.sender}  {shop.timezone}  {shop.currency}  {shop.language}")
