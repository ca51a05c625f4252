"""A developer reads the mails of the server on her own machine."""

from playwright.async_api import expect

from tests.browser.visitor import Visitor


async def test_a_link_in_a_mail_leads_to_its_page(visitor: Visitor, reset_link: str) -> None:
    await visitor.open("/dev/mail")
    await visitor.page.locator("tbody a").first.click()
    await expect(visitor.page.locator("pre")).to_contain_text(reset_link)
    link = visitor.page.frame_locator("iframe").locator("a[href*='/reset-password#']").first
    async with visitor.page.context.expect_page() as opened:
        await link.click()
    page = await opened.value
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_role("heading", name="Your account: ma*****26")).to_be_visible()
    assert not await page.evaluate("Boolean(window.opener)")
