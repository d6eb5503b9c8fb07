#include "engine/member_errors.hpp"

#include <array>
#include <string>
#include <utility>

#include "domain/reasons.hpp"
#include "http/client.hpp"
#include "media/reader.hpp"
#include "runtime/deadline.hpp"

namespace bandstand::audio {
namespace {

struct Translation {
    base::Reason from;
    base::Reason to;
    std::string_view sentence;
};

constexpr std::array kTranslations{
    Translation{http::kUnreachable, domain::kFetchFailed, "The server could not be reached."},
    Translation{http::kAddressRefused, domain::kFetchFailed, "I may not fetch from that address."},
    Translation{http::kTlsFailed, domain::kFetchFailed, "The server's certificate cannot be trusted."},
    Translation{http::kTimedOut, domain::kFetchFailed, "The server took too long to answer."},
    Translation{http::kBadResponse, domain::kFetchFailed, "The server broke off its answer."},
    Translation{http::kTooLarge, domain::kFetchFailed, "The server's answer is too large."},
    Translation{http::kTooManyRedirects, domain::kFetchFailed, "The link is redirected too often."},
    Translation{http::kBadUrl, domain::kBadRequest, "That is not a link that I can open."},
    Translation{media::kNotAudio, domain::kUnsupportedMedia, "That is not audio in a format that I know."},
    Translation{media::kBroken, domain::kUnsupportedMedia,
                "The file is damaged: it begins well, then cannot be read."},
    Translation{media::kTooLarge, domain::kUnsupportedMedia,
                "The file asks for more than I can give: it is built too large."},
    Translation{media::kTooSlow, domain::kFetchFailed, "The server sends too slowly to play this."},
    Translation{media::kSourceFailed, domain::kFetchFailed, "The file could not be read."},
    Translation{media::kNotSeekable, domain::kNotSeekable, "This track cannot be wound."},
    Translation{runtime::kDeadlineExceeded, domain::kFetchFailed, "The server took too long to answer."},
};

base::Error fetch_failed(std::string detail) {
    return {base::ErrorKind::unavailable, domain::kFetchFailed, std::move(detail)};
}

}  // namespace

base::Error for_member(base::Error error) {
    for (const auto& [from, to, sentence] : kTranslations) {
        if (error.reason() == from) return {error.kind(), to, std::string{sentence}};
    }
    if (error.reason().name.starts_with("audio.")) return error;
    return {error.kind(), domain::kFetchFailed, "Something went wrong while reading it."};
}

base::Error for_member(int status) {
    const auto code = " (" + std::to_string(status) + ")";
    if (status == 404 || status == 410) return fetch_failed("The server has no such file" + code + ".");
    if (status == 401 || status == 403)
        return fetch_failed("The server does not let me read that file" + code + ".");
    if (status == 429) return fetch_failed("The server is asked too often" + code + ". Try again later.");
    return fetch_failed("The server answered with an error" + code + ".");
}

}  // namespace bandstand::audio
