/// The sections of a man page that the declarations of the commands don't hold.
package struct ManSections: Sendable {
    /// A term and its meaning, as `8` and `something could not be checked`.
    package struct Entry: Sendable {
        /// What is explained.
        package let term: String
        /// The explanation, in sentences.
        package let meaning: String

        /// An explained term.
        package init(_ term: String, _ meaning: String) {
            self.term = term
            self.meaning = meaning
        }
    }

    /// Another page of the manual.
    package struct Page: Sendable {
        /// The page's name, as `qemu-img`.
        package let name: String
        /// The section of the manual it is in.
        package let section: Int

        /// A page to refer to.
        package init(_ name: String, _ section: Int) {
            self.name = name
            self.section = section
        }
    }

    /// ENVIRONMENT: variables and what they do.
    package var environment: [Entry]
    /// FILES: paths and what is there.
    package var files: [Entry]
    /// EXIT STATUS: values and what they say.
    package var exitStatus: [Entry]
    /// SEE ALSO, in any order.
    package var seeAlso: [Page]

    /// The given sections; empty ones are left out of the page.
    package init(
        environment: [Entry] = [], files: [Entry] = [], exitStatus: [Entry] = [], seeAlso: [Page] = []
    ) {
        self.environment = environment
        self.files = files
        self.exitStatus = exitStatus
        self.seeAlso = seeAlso
    }
}
