"""The model in the box behind the real server: it chooses, and every word is the narrative's."""

from pathlib import Path

from app.bootstrap import App, build
from app.config import SMALL_MODEL, VLLM_PYTHON
from app.llm.server import ServerChild, free_port, read_mark, vllm_command
from tests.vllm.asking import refs
from tests.vllm.conftest import BOOT_S
from tests.vllm.test_ladder import CUSTOMERS, PATIENT_S, assert_all_holds, story


def test_the_model_in_the_box_tells_most_stories_and_nothing_that_is_not_so(demo: App, tmp_path: Path) -> None:
    mark, port = read_mark(SMALL_MODEL), free_port()
    assert mark.rung == "small"
    command = vllm_command(VLLM_PYTHON, SMALL_MODEL, mark.name, port)
    with ServerChild(command, port, log=tmp_path / "vllm.log", say=print) as child:
        assert child.wait_ready(BOOT_S)
        settings = {"small_llm_url": child.url, "small_llm_model": mark.name, "llm_timeout_s": PATIENT_S}
        app = build(demo.settings.model_copy(update=settings))
        told = {ref: story(app, ref) for ref in refs(demo, CUSTOMERS)}
        app.database.close()
    for ref, one in told.items():
        assert_all_holds(demo, demo, ref, one, "zh")
    assert sum(one.provenance.rung == "small" for one in told.values()) > 0.8 * CUSTOMERS
