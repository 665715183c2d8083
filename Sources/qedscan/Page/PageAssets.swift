import Assets

/// The style of the page: light or dark as the reader's system is, on paper always light.
enum PageStyle {
    static let text = "\n" + Assets.page(named: "page.css")
}

/// What the page can do beyond being read: the table of problems sorted and filtered.
///
/// Values reach the page as text only. The comment marks make it XML as well as HTML.
enum PageScript {
    static let text = "\n//<![CDATA[\n" + Assets.page(named: "page.js") + "//]]>\n"
}
