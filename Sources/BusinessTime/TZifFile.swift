struct TZifFile {
    static let largestFile = 65_536
}
