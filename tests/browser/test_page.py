"""GraphiQL for people, in a real Chromium: what each reader meets, does, and never learns."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from hub.cli.common import sample_viewer
from tests.browser.conftest import Hubs, Visit, Visits

# Panel -> what stands in it once it has all that it asks for.
PANELS = {
    "Examples": "[data-example]",
    "What may I see": ".hub-rights li",
    "Plan": "#hub-plan",
    "Results as a table": "#hub-results",
    "Map of the graph": ".hub-map",
    "Documentation Explorer": ".graphiql-doc-explorer-root-type",
}

# What belongs to the other authorities, in both languages.
WORDS = re.compile(
    r"defen[cs]e|public[_ -]security|security[_ -]officer|quốc phòng|công an|quân đội|quân nhân|bộ đội"
    r"|lực lượng vũ trang|military|soldier|conscript|police",
    re.IGNORECASE,
)


async def test_it_loads_and_asks_nobody_but_the_hub(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.demo)
    await page.ready()
    await page.run_example("first-look")
    for panel in PANELS:
        await page.panel(panel)
    assert page.foreign == []
    policy = next(one for one in page.answers if one.url == f"{hubs.demo}/graphql").headers["content-security-policy"]
    assert "unsafe-eval" not in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy


async def test_an_example_runs_and_its_plan_its_table_and_its_rights_are_shown(
    hubs: Hubs, visit: Visits, tmp_path: Path
) -> None:
    page = await visit(hubs.demo)
    await page.ready()
    await page.reads_as("officer")
    await page.panel("Plan")
    await page.run_example("household-coverage")
    await page.page.wait_for_selector(".graphiql-response >> text=totalCount")

    await page.panel("Plan")
    await page.page.click(".graphiql-execute-button")
    await page.page.wait_for_selector(".hub-box .hub-figures")
    boxes = await page.page.locator(".hub-box h4").all_inner_texts()
    assert boxes[0] == "1. household: Query"
    assert any("population: Person" in one for one in boxes)

    await page.panel("What may I see")
    await page.page.wait_for_selector(".hub-rights li")
    first = await page.page.locator(".hub-rights li").first.inner_text()
    assert "households" in first
    assert "[officer.official]" in first
    await page.page.locator(".graphiql-query-editor .hub-mark-show").nth(5).wait_for()

    await page.panel("Results as a table")
    await page.page.select_option(".hub-panel select", "households.nodes.members")
    shown = await page.page.locator(".hub-table tbody tr").count()
    async with page.page.expect_download() as downloading:
        await page.page.click("text=Save as CSV")
    file = tmp_path / "members.csv"
    await (await downloading.value).save_as(file)
    with file.open(encoding="utf-8-sig", newline="") as opened:
        head, *rows = csv.reader(opened)
    assert head[:3] == ["relationship", "person.fullName", "person.birthDate"]
    assert len(rows) == shown > 3

    await page.page.click(".hub-table th >> text=person.fullName")
    names = await page.page.locator(".hub-table tbody td:nth-child(2)").all_inner_texts()
    await page.page.click(".hub-table th >> text=person.fullName")
    assert await page.page.locator(".hub-table tbody td:nth-child(2)").all_inner_texts() == names[::-1]


async def test_a_chart_shows_a_number_over_months_and_counts_by_code(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.demo)
    await page.ready()
    await page.run_example("my-months")
    await page.panel("Results as a table")
    drawn = await page.page.locator(".hub-chart svg").get_attribute("aria-label")
    assert drawn is not None
    assert re.match(r"(months|salary) / fromMonth\. \d{4}-\d{2}: \d+", drawn)
    await page.reads_as("analyst")
    await page.run_example("employers-by-industry")
    await page.panel("Results as a table")
    drawn = await page.page.locator(".hub-chart svg").get_attribute("aria-label")
    assert drawn is not None
    assert re.match(r"totalCount\. agriculture: \d+; manufacturing: \d+", drawn)


async def test_with_another_reader_fields_vanish_everywhere(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.demo)
    await page.ready()
    asking = "{ persons(first: 1) { nodes { recordClass fullName birthDate } } }"

    async def completed() -> list[str]:
        await page.query("{ persons(first: 1) { nodes {  } } }")
        await page.page.evaluate(
            """() => {
                const editors = __MONACO.editor.getEditors();
                const one = editors.find(it => it.getModel()?.uri.path.endsWith('operation.graphql'));
                one.focus(); one.setPosition({ lineNumber: 1, column: 32 });
                one.trigger('test', 'editor.action.triggerSuggest', {});
            }"""
        )
        await page.page.wait_for_selector(".suggest-widget .monaco-list-row")
        found: set[str] = set()
        for _ in range(12):
            found |= set(await page.page.locator(".suggest-widget .monaco-list-row .label-name").all_inner_texts())
            await page.page.keyboard.press("PageDown")
        await page.page.keyboard.press("Escape")
        return sorted(found)

    async def documented(name: str) -> bool:
        await page.panel("Documentation Explorer")
        if await page.page.locator(".graphiql-doc-explorer-back").count():
            await page.page.locator(".graphiql-doc-explorer-back").click()
        box = page.page.locator(".graphiql-doc-explorer-search input")
        await page.page.locator(".graphiql-doc-explorer-search").click()
        await box.fill(name)
        results = ".graphiql-doc-explorer-search [role=option], .graphiql-doc-explorer-search-empty"
        await page.page.locator(results).first.wait_for()
        options = await page.page.locator(".graphiql-doc-explorer-search [role=option]").all_inner_texts()
        await page.page.keyboard.press("Escape")
        return any(name in one for one in options)

    async def denied() -> list[str]:
        await page.query(asking)
        await page.panel("What may I see")
        await page.page.wait_for_selector(".hub-rights li >> text=nodes")
        return await page.page.locator(".hub-rights li.hub-deny code").all_inner_texts()

    async def types() -> set[str]:
        await page.panel("Map of the graph")
        await page.page.wait_for_selector(".hub-place")
        return {str(await one.get_attribute("aria-label")) for one in await page.page.locator(".hub-place").all()}

    await page.reads_as("cleared-officer")
    assert {"fullName", "recordClass"} <= set(await completed())
    assert await documented("recordClass")
    assert await denied() == []
    before = await types()

    await page.reads_as("analyst")
    suggested = await completed()
    assert "birthDate" in suggested
    assert not {"fullName", "recordClass"} & set(suggested)
    assert not await documented("recordClass")
    assert await denied() == ["recordClass", "fullName"]
    assert "1 masked" in await page.page.locator(".hub-panel p[aria-live]").inner_text()
    assert len(await types()) < len(before)
    text = await page.page.locator("body").inner_text()
    assert "Analyst" in text


async def test_a_token_is_pasted_kept_in_the_tab_and_refused_when_it_has_expired(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.production)
    assert await page.page.locator(".hub-me").inner_text() == "Nobody is signed in"
    assert await page.page.locator(".hub-ways select").count() == 0, "the demo's tokens are the demo's only"
    assert (await page.page.request.get(f"{hubs.production}/pages/demo")).status == 404
    await page.paste(hubs.token("officer"))
    await page.ready()
    assert "Insurance officer" in await page.page.locator(".hub-me").inner_text()
    await page.page.reload()
    await page.ready()
    kept = await page.page.evaluate("[JSON.stringify(localStorage), document.cookie]")
    assert "eyJ" not in "".join(kept)

    await page.paste(hubs.token("officer", exp=int(time.time()) - 3600))
    await page.page.wait_for_selector(".hub-problem")
    said = await page.page.locator(".hub-problem").inner_text()
    assert said == "the token has expired: ask its issuer for a new one"
    assert await page.page.locator(".hub-me").inner_text() == "Nobody is signed in"
    await page.panel("Map of the graph")
    assert await page.page.locator(".hub-place").count() == 0


async def test_people_sign_in_at_an_issuer_with_pkce(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.production)
    await page.page.click("text=Sign in")
    await page.page.click("text=Sign in as an officer")
    await page.ready()
    assert page.page.url == f"{hubs.production}/graphql", "nothing of the code is left in the address"
    assert "Insurance officer" in await page.page.locator(".hub-me").inner_text()
    await page.page.click("text=Sign out")
    assert await page.page.locator(".hub-me").inner_text() == "Nobody is signed in"

    # A code that this tab did not ask for is no sign-in.
    await page.page.click("text=Sign in")
    await page.page.wait_for_selector("text=Sign in as an officer")
    await page.page.goto(f"{hubs.production}/graphql?code=stolen&state=somebody-elses")
    await page.page.wait_for_selector(".hub-problem")
    assert "not begun here" in await page.page.locator(".hub-problem").inner_text()


def names_of(schema: GraphQLSchema) -> set[str]:
    fields = {
        field
        for one in schema.type_map.values()
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)
        for field in one.fields
    }
    return {*schema.type_map, *fields}


async def test_who_is_not_cleared_never_meets_a_word_of_another_universe(hubs: Hubs, visit: Visits) -> None:
    engine = hubs.engine
    officer, cleared = (sample_viewer(name, None, engine.built).profile for name in ("officer", "defence-officer"))
    hidden = names_of(engine.contract(cleared)) - names_of(engine.contract(officer))
    assert "recordClass" in hidden, "there is something to hide"
    page = await visit(hubs.production)
    await page.paste(hubs.token("officer"))
    await page.ready()
    await page.query("{ persons(first: 1) { nodes { recordClass fullName secret } } }")
    for panel, content in PANELS.items():
        await page.panel(panel)
        await page.page.wait_for_selector(content)
    await page.query("{ employers(first: 1) { nodes { taxCode } } }")
    await page.page.click(".graphiql-execute-button")
    await page.panel("Examples")
    await page.page.click("text=Policy")
    await page.page.wait_for_selector(".hub-policy >> text=Who may see what")
    await _assert_clean(page, hidden)
    landing = await visit(hubs.production, "/")
    await _assert_clean(landing, hidden)


async def _assert_clean(page: Visit, hidden: set[str]) -> None:
    met = await page.traffic()
    assert any("IntrospectionQuery" in place for place in met) or any(place.startswith("GET") for place in met)
    found = {
        f"{place[:80]}: {text[max(0, match.start() - 60) : match.end() + 60]!r}"
        for place, text in met.items()
        for match in WORDS.finditer(text)
    }
    assert found == set()
    # Scripts of others have words of their own; the names of the graph stand in quotation marks in what the hub says.
    named = {
        f"{place[:80]}: {name}"
        for place, text in met.items()
        if not text.split("\n\n")[0].count("text/javascript")
        for name in hidden
        if f'"{name}"' in text
    }
    assert named == set()
    assert not [place for place, text in met.items() if "sourceMappingURL=" in text and ".js" in place]


async def test_it_can_be_used_with_the_keyboard_and_is_named_for_screen_readers(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.demo)
    await page.ready()
    nameless = await page.page.evaluate(
        """() => [...document.querySelectorAll('button, select, a[href], textarea, input')]
            .filter(one => one.offsetParent && !one.closest('.monaco-editor'))
            .filter(one => !(one.textContent.trim() || one.ariaLabel || one.title || one.labels?.length))
            .map(one => one.outerHTML.slice(0, 120))"""
    )
    assert nameless == []
    await page.page.focus(".hub-home")
    await page.page.keyboard.press("Tab")
    assert await page.page.evaluate("document.activeElement.tagName") == "SELECT"
    await page.panel("Map of the graph")
    await page.page.wait_for_selector(".hub-place")
    await page.page.focus('.hub-place[aria-label^="Person"]')
    await page.page.keyboard.press("Enter")
    assert await page.page.locator('.hub-place[aria-pressed="true"]').get_attribute("aria-label") == "Person"
    await page.page.click('.hub-place[aria-label^="Employer"]')
    assert await page.page.locator('.hub-place[aria-pressed="true"]').get_attribute("aria-label") == "Employer"
    await page.page.click("text=Tiếng Việt")
    await page.ready()
    assert await page.page.locator("html").get_attribute("lang") == "vi"
    assert "Công dân" in await page.page.locator(".hub-me").inner_text()


async def test_it_fits_a_phone_in_the_dark(hubs: Hubs, visit: Visits) -> None:
    page = await visit(hubs.demo, color_scheme="dark")
    await page.page.set_viewport_size({"width": 390, "height": 844})
    await page.ready()
    for panel in PANELS:
        await page.panel(panel)
        wide = await page.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, panel
    ground = await page.page.evaluate("getComputedStyle(document.querySelector('#root')).backgroundColor")
    assert all(int(part) < 80 for part in re.findall(r"\d+", ground)[:3])
