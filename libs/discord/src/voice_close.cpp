#include "voice_close.hpp"

#include "discord/voice_session.hpp"

namespace bandstand::discord {

CloseMeaning close_meaning(std::uint16_t code) {
    using enum CloseReaction;
    switch (code) {
        case 4000:
            return {resume, kVoiceConnectionLost, "internal error"};
        case 4001:
            return {rejoin_once, kVoiceProtocol, "unknown opcode"};
        case 4002:
            return {rejoin_once, kVoiceProtocol, "failed to decode"};
        case 4003:
            return {rejoin_once, kVoiceProtocol, "not authenticated"};
        case 4004:
            return {rejoin_twice, kVoiceRejected, "authentication failed"};
        case 4005:
            return {rejoin_once, kVoiceProtocol, "already authenticated"};
        case 4006:
            return {rejoin, kVoiceRejected, "session no longer valid"};
        case 4009:
            return {rejoin, kVoiceConnectionLost, "session timed out"};
        case 4011:
            return {rejoin, kVoiceRejected, "server not found"};
        case 4012:
            return {rejoin_once, kVoiceProtocol, "unknown protocol"};
        case 4013:
            return {resume, kVoiceConnectionLost, "the voice server's worker crashed"};
        case 4014:
            return {await_gateway, kVoiceDisconnected, "disconnected"};
        case 4015:
            return {resume, kVoiceConnectionLost, "the voice server crashed"};
        case 4016:
            return {rejoin_once, kVoiceProtocol, "unknown encryption mode"};
        case 4017:
            return {give_up, kVoiceEncryptionRequired, "this channel requires end-to-end encryption"};
        case 4020:
            return {rejoin_once, kVoiceProtocol, "bad request"};
        case 4021:
            return {give_up, kVoiceRateLimited, "rate limited: try again in some minutes"};
        case 4022:
            return {await_gateway, kVoiceDisconnected, "the call was ended for everybody"};
        default:
            break;
    }
    if (code < 4000) return {resume, kVoiceConnectionLost, "the connection was lost"};
    return {rejoin, kVoiceConnectionLost, "a code that we do not know"};
}

std::string describe_close(std::uint16_t code, std::string_view detail) {
    std::string text = code == 0 ? "the connection to the voice server was lost"
                                 : base::join("the voice server closed with", code) + " (" +
                                       std::string{close_meaning(code).text} + ")";
    if (!detail.empty()) text.append(": ").append(detail.substr(0, 200));
    return text;
}

}  // namespace bandstand::discord
