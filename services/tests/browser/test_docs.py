"""The page of the API's document, under the same content policy as every other page of the shop."""

from support.browser import Window


async def test_the_page_shows_the_document_and_sends_a_request(window: Window) -> None:
    """The fixture fails on whatever the content policy refuses, and on a request to another host."""
    await window.page.goto(window.url + "/api/docs")
    shows = window.page.locator("#operations-catalog-list_shows_api_shows_get")
    await shows.wait_for()
    policy = (await (await window.page.goto(window.url + "/api/docs")).all_headers())["content-security-policy"]
    assert policy == (await (await window.page.goto(window.url + "/")).all_headers())["content-security-policy"]
    assert "unsafe" not in policy

    await window.page.goto(window.url + "/api/docs")
    await shows.locator(".opblock-summary-control").click()
    await shows.get_by_role("button", name="Try it out").click()
    await shows.get_by_role("button", name="Execute").click()
    await shows.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
