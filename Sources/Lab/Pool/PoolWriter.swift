/// Writes the directories and files of a pool. The images are small and sparse: a pool of thousands takes seconds and
/// some 10 KiB of disk for each.
package struct PoolWriter {
    private let plan: PoolPlan

    package init(_ plan: PoolPlan) { self.plan = plan }

    /// Creates the directory if needed, and all files in it. Returns the files in the order of their creation.
    package func write(to directory: String) throws(LabError) -> [PoolFile] {
        var random = SeededRandom(seed: plan.seed)
        var tree = try DirectoryTree(root: directory)
        var directories = FileDirectories(limit: plan.filesPerDirectory)
        var files: [PoolFile] = []
        var latestImage: [String: String] = [:]
        // One defect after another, in an order that depends on the seed: a small pool has some of all kinds.
        let defects = Defect.allCases.shuffled(using: &random)
        var damagedCount = 0
        for index in 0..<plan.imageCount {
            let parent = directories.next(using: &random)
            let name = "vm-\(index).qed"
            var defect: Defect?
            if random.chance(plan.damagedShare) {
                defect = defects[damagedCount % defects.count]
                damagedCount += 1
            }
            let base = defect == nil && random.chance(plan.overlayShare) ? latestImage[parent] : nil
            let image = imagePlan(isSound: defect == nil, backingFilename: base, using: &random)
            let path = try tree.path(of: parent + name)
            try ImageWriter(image).write(to: path)
            try defect?.apply(to: ImageEditor(path: path), using: &random)
            latestImage[parent] = name
            files.append(PoolFile(relativePath: parent + name, content: .image(defect)))
        }
        for index in 0..<plan.otherFileCount {
            let name = try writeOtherFile(index, in: directories.next(using: &random), of: &tree, using: &random)
            files.append(PoolFile(relativePath: name, content: .other))
        }
        return files
    }

    /// A small image with a random geometry, and with two or three L2 tables, so that every defect is possible.
    private func imagePlan(
        isSound: Bool, backingFilename: String?, using random: inout SeededRandom
    ) -> ImagePlan {
        var image = ImagePlan()
        image.clusterSize = random.pick(4096, 4096, 16384, 65536, 65536, 65536, 1 << 20)
        image.tableSize = random.pick(1, 2, 4, 4)
        let tables = UInt64.random(in: 2...3, using: &random)
        image.imageSize = tables * image.entriesPerTable * UInt64(image.clusterSize)
        image.guestClusters = .firstOfEachTable(UInt64.random(in: 2...64, using: &random))
        image.allocation = random.pick(.sequential, .sequential, .shuffled)
        // With a few zero clusters there is still data in each table.
        image.zeroShare = isSound && random.chance(0.2) ? 0.1 : 0
        image.backingFilename = backingFilename
        if isSound, random.chance(plan.dirtyShare) { image.features.insert(.needCheck) }
        image.writesData = image.clusterSize == 4096 && random.chance(0.1)
        image.seed = random.next()
        return image
    }

    private func writeOtherFile(
        _ index: Int, in parent: String, of tree: inout DirectoryTree, using random: inout SeededRandom
    ) throws(LabError) -> String {
        let (suffix, bytes): (String, [UInt8]) =
            switch index % 4 {
            case 0: ("raw", random.bytes(16384))
            case 1: ("txt", Array("Notes on machine \(index)\n".utf8))
            case 2: ("qed", [])
            default: ("qed", Array("QED, but only by its name\n".utf8))
            }
        let name = parent + "other-\(index).\(suffix)"
        try LabFile(creating: tree.path(of: name)).write(bytes, at: 0)
        return name
    }
}
