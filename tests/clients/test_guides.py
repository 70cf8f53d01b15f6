"""What the guides of the reference say for JavaScript, run by Node."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from paydesk.jsonapi.pages.guides import REQUEST_COLUMNS, guides
from paydesk.jsonapi.pages.requests import Request, javascript
from tests.acts.dev import credentials, dev, end
from tests.acts.guides import Reader, follow, run
from tests.processes import free_port

GUIDES = guides()


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder, port = tmp_path_factory.mktemp("guides"), free_port()
    with dev(folder, port) as process:
        made = credentials(process, folder)
        yield Reader(f"http://127.0.0.1:{port}", made)
        end(process)


def by_javascript(request: Request, values: dict[str, str]) -> tuple[int, Any]:
    """Status and document, by what the tab says; `fetch` is watched and does what it does."""
    begun = "".join(
        f"const {name} = {json.dumps(value)};\n" for name, value in values.items() if name not in request.keep
    )
    watched = """
        let told; const real = fetch;
        globalThis.fetch = async (...given) => {
          const came = await real(...given);
          told = [came.status, await came.clone().json()];
          return came;
        };
    """
    names = ", ".join(request.keep)
    shown = javascript(request, REQUEST_COLUMNS)
    script = f"{begun}{watched}\n{shown}\nconsole.log(JSON.stringify([...told, {{ {names} }}]));"
    status, document, kept = json.loads(run(["node", "--input-type=module", "--eval", script], {}))
    values |= kept
    return status, document


@pytest.mark.parametrize("key", GUIDES)
def test_every_request_of_a_guide_is_answered_as_it_says(reader: Reader, key: str) -> None:
    follow(reader, GUIDES[key], by_javascript, "javascript")
