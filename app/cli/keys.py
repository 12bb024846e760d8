"""`understory keys ...`: API keys."""

from datetime import UTC, datetime

import typer

from app.access.schemas import Role
from app.cli.options import DataDir, WorkspaceName, opened

keys = typer.Typer(no_args_is_help=True, help="API keys.")


@keys.command("create")
def keys_create(workspace: WorkspaceName = "demo", role: Role = Role.EDITOR, data: DataDir = None) -> None:
    """Issue an API key for one workspace. It is shown once."""
    with opened(data) as app:
        shop = app.pipeline.access.workspace(workspace)
        print(app.pipeline.access.issue_key(shop.workspace_id, role, now=datetime.now(UTC)))


@keys.command("list")
def keys_list(workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """List the keys of a workspace that are valid; the keys themselves are not kept."""
    with opened(data) as app:
        found = app.pipeline.access.keys(app.pipeline.access.workspace(workspace).workspace_id)
    for key in found:
        print(f"{key.key_id}  {key.role}  since {key.created_at:%Y-%m-%d %H:%M} UTC")
    if not found:
        print("no valid keys; `understory keys create` issues one")


@keys.command("revoke")
def keys_revoke(key_id: str, workspace: WorkspaceName = "demo", data: DataDir = None) -> None:
    """Make a key useless from now on."""
    with opened(data) as app:
        app.pipeline.access.revoke(app.pipeline.access.workspace(workspace).workspace_id, key_id, now=datetime.now(UTC))
    print(f"{key_id} is revoked")
