import Assets

/// The style of the page: light or dark as the reader's system is, on paper always light.
enum PageStyle {
    static let text = "\n" + Assets.page(named: "page.css")
}
