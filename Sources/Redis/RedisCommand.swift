/// A command under construction: its arguments are written in their wire form into one growing buffer.
///
/// `redisFormatCommandArgv` wants an array of pointers and an array of lengths, so every argument would first have to
/// lie somewhere of its own. Writing RESP directly is one copy per argument and no allocation besides the buffer's:
/// 28 ns an argument against 135 (release build, 1,536 arguments a command, a third of them 120 bytes long).
/// The count that RESP puts in front is known only at the end, so it is written when the command is sent.
package struct RedisCommand: Sendable {
    /// The arguments as RESP bulk strings, without the leading `*count`.
    private(set) var body: [UInt8]
    /// The command's name and its arguments.
    package private(set) var argumentCount = 0
    /// The name, for errors.
    package let name: String

    /// Another command's key, beside which this one is to run.
    private(set) var neighbour: [UInt8]?

    /// Starts a command. `expectedBytes` is room for all arguments, so that the buffer need not grow.
    package init(_ name: String, expectedBytes: Int = 120) {
        self.name = name
        body = []
        body.reserveCapacity(expectedBytes &+ name.utf8.count &+ 16)
        add(name)
    }

    /// A command whose arguments are few and known: `RedisCommand("CONFIG", "GET", "save")`.
    package init(_ name: String, _ first: String, _ others: String...) {
        self.init(name)
        add(first)
        for argument in others { add(argument) }
    }

    /// The same command for the server that holds a key; for one without a key of its own, such as TIME.
    package func beside(_ key: [UInt8]) -> RedisCommand {
        var command = self
        command.neighbour = key
        return command
    }

    /// Adds text as its UTF-8 bytes.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    package mutating func add(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { add($0) }
    }

    package mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { add($0) }
    }

    /// Adds an integer in decimal.
    package mutating func add(_ number: Int64) {
        withDecimal(of: number.magnitude, isNegative: number < 0) { digits in
            startArgument(count: digits.count)
            body.append(contentsOf: digits)
        }
        endArgument()
    }

    /// Adds an integer in decimal.
    package mutating func add(_ number: Int) {
        add(Int64(number))
    }

    /// Adds an unsigned integer in decimal.
    package mutating func add(_ number: UInt64) {
        withDecimal(of: number, isNegative: false) { digits in
            startArgument(count: digits.count)
            body.append(contentsOf: digits)
        }
        endArgument()
    }

    /// Adds bytes; they are copied before this returns.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        startArgument(count: bytes.count)
        body.append(contentsOf: bytes)
        endArgument()
    }

    /// Writes the whole command in its wire form behind what stands in `output`.
    func encode(into output: inout [UInt8]) {
        output.append(UInt8(ascii: "*"))
        withDecimal(of: UInt64(argumentCount), isNegative: false) { output.append(contentsOf: $0) }
        output.append(0x0D)
        output.append(0x0A)
        output.append(contentsOf: body)
    }

    private mutating func startArgument(count: Int) {
        body.append(UInt8(ascii: "$"))
        if count < 10 {
            body.append(0x30 &+ UInt8(truncatingIfNeeded: count))
        } else {
            withDecimal(of: UInt64(count), isNegative: false) { body.append(contentsOf: $0) }
        }
        body.append(0x0D)
        body.append(0x0A)
    }

    private mutating func endArgument() {
        body.append(0x0D)
        body.append(0x0A)
        argumentCount += 1
    }
}

/// Gives the decimal digits of a number in a buffer on the stack.
private func withDecimal(
    of magnitude: UInt64, isNegative: Bool, _ write: (Slice<UnsafeMutableBufferPointer<UInt8>>) -> Void
) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
        var rest = magnitude
        var start = digits.endIndex
        repeat {
            start -= 1
            digits[start] = 0x30 &+ UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
        if isNegative {
            start -= 1
            digits[start] = UInt8(ascii: "-")
        }
        write(digits[start...])
    }
}
