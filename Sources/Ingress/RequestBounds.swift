internal import Instants
internal import NIOCore
internal import NIOHTTPTypes

/// Closes a connection that keeps the server waiting or reading for ever.
///
/// Problem: the server's own idle time starts anew with every byte, so that a client who sends a byte now and then would
/// hold a connection for ever; and after a body was refused, what still comes of it is read and thrown away. Choice: a
/// head must be whole within the idle time, a connection's first one much sooner, a body soon after the time that its reader gives it, and no body goes on
/// beyond twice the longest. A client that still listens has had its answer by then. It costs one timer a connection
/// and request.
final class RequestBounds: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart

    /// What the answer to a body that came too late may take.
    private static let answerPatience = TimeAmount.seconds(10)

    private let firstHeadPatience: TimeAmount
    private let headPatience: TimeAmount
    private let bodyPatience: TimeAmount
    private let mostBodyBytes: Int
    private var bodyBytes = 0
    private var timer: Scheduled<Void>?

    init(_ limits: IngressLimits) {
        firstHeadPatience = .milliseconds(min(limits.firstHead, limits.idle).wholeMilliseconds)
        headPatience = .milliseconds(limits.idle.wholeMilliseconds)
        bodyPatience = .milliseconds(limits.bodyPatience.wholeMilliseconds) + Self.answerPatience
        mostBodyBytes = 2 * limits.mostBodyBytes
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { expect(within: firstHeadPatience, context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        expect(within: firstHeadPatience, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            bodyBytes = 0
            expect(within: bodyPatience, context)
        case .body(let chunk):
            bodyBytes += chunk.readableBytes
            if bodyBytes > mostBodyBytes { return context.close(promise: nil) }
        case .end:
            expect(within: headPatience, context)
        }
        context.fireChannelRead(data)
    }

    private func expect(within patience: TimeAmount, _ context: ChannelHandlerContext) {
        timer?.cancel()
        let channel = context.channel
        timer = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }
}
