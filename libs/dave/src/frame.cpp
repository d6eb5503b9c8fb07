#include "dave/frame.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace bandstand::dave {
namespace {

using base::ByteView;
using base::MutableBytes;

constexpr std::size_t kTagBytes = 8;
constexpr std::array kMarker{std::byte{0xfa}, std::byte{0xfa}};
constexpr std::size_t kMinSupplementBytes = kTagBytes + 1 + kMarker.size();  // without nonce and ranges
constexpr std::size_t kMaxLeb128Bytes = 10;

const unsigned char* raw(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* into(MutableBytes bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

std::optional<std::uint64_t> read_leb128(ByteView& in) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kMaxLeb128Bytes && i < in.size(); ++i) {
        const auto byte = std::to_integer<std::uint64_t>(in[i]);
        if (7 * i < 64) value |= (byte & 0x7fU) << (7 * i);
        if ((byte & 0x80U) == 0) {
            in = in.subspan(i + 1);
            return value;
        }
    }
    return std::nullopt;
}

std::size_t write_leb128(std::uint64_t value, MutableBytes out) {
    std::size_t count = 0;
    while (value >= 0x80U) {
        out[count++] = static_cast<std::byte>((value & 0x7fU) | 0x80U);
        value >>= 7U;
    }
    out[count++] = static_cast<std::byte>(value);
    return count;
}

// 8 zero bytes, then the counter, little endian.
std::array<unsigned char, 12> aes_nonce(std::uint32_t nonce) {
    std::array<unsigned char, 12> out{};
    for (unsigned i = 0; i < 4; ++i) out[8 + i] = static_cast<unsigned char>(nonce >> (8U * i));
    return out;
}

bool parse_ranges(ByteView in, std::size_t frame_size, ProtocolFrame& frame) {
    std::size_t end = 0;
    while (!in.empty()) {
        const auto offset = read_leb128(in);
        const auto size = offset ? read_leb128(in) : std::nullopt;
        if (!size || frame.clear_count == ProtocolFrame::kMaxRanges) return false;
        if (*offset < end || *size > frame_size || *offset > frame_size - *size) return false;
        end = *offset + *size;
        frame.clear[frame.clear_count++] = {*offset, *size};
    }
    return true;
}

}  // namespace

std::optional<ProtocolFrame> ProtocolFrame::parse(ByteView bytes) {
    if (bytes.size() < kMinSupplementBytes || !std::ranges::equal(bytes.last(kMarker.size()), kMarker)) {
        return std::nullopt;
    }
    const auto supplement = std::to_integer<std::size_t>(bytes[bytes.size() - kMarker.size() - 1]);
    if (supplement < kMinSupplementBytes || supplement > bytes.size()) return std::nullopt;
    ProtocolFrame frame;
    frame.media = bytes.first(bytes.size() - supplement);
    frame.tag = bytes.subspan(frame.media.size(), kTagBytes);
    auto rest = bytes.subspan(frame.media.size() + kTagBytes, supplement - kMinSupplementBytes);
    const auto nonce = read_leb128(rest);
    if (!nonce || !parse_ranges(rest, bytes.size(), frame)) return std::nullopt;
    frame.nonce = static_cast<std::uint32_t>(*nonce);
    return frame;
}

bool is_silence(ByteView frame) {
    constexpr std::array kSilence{std::byte{0xf8}, std::byte{0xff}, std::byte{0xfe}};
    return std::ranges::equal(frame, kSilence);
}

struct FrameCipher::Context {
    struct Free {
        void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
    };
    using Handle = std::unique_ptr<EVP_CIPHER_CTX, Free>;
    Handle sealing{EVP_CIPHER_CTX_new()};
    Handle opening{EVP_CIPHER_CTX_new()};
};

FrameCipher::FrameCipher(const mls::Secret& key) : context_{std::make_unique<Context>()} {
    rekey(key);
}
FrameCipher::~FrameCipher() = default;
FrameCipher::FrameCipher(FrameCipher&&) noexcept = default;
FrameCipher& FrameCipher::operator=(FrameCipher&&) noexcept = default;

void FrameCipher::rekey(const mls::Secret& key) {
    BASE_ASSERT(key.size() == mls::kKeyBytes);
    BASE_ASSERT(EVP_EncryptInit_ex2(context_->sealing.get(), EVP_aes_128_gcm(), raw(key.view()), nullptr,
                                    nullptr) == 1);
    BASE_ASSERT(EVP_DecryptInit_ex2(context_->opening.get(), EVP_aes_128_gcm(), raw(key.view()), nullptr,
                                    nullptr) == 1);
}

void FrameCipher::seal(std::uint32_t nonce, MutableBytes data, MutableBytes tag) {
    auto* context = context_->sealing.get();
    int size = 0;
    BASE_ASSERT(EVP_EncryptInit_ex2(context, nullptr, nullptr, aes_nonce(nonce).data(), nullptr) == 1);
    BASE_ASSERT(EVP_EncryptUpdate(context, into(data), &size, raw(data), static_cast<int>(data.size())) == 1);
    BASE_ASSERT(EVP_EncryptFinal_ex(context, into(data) + size, &size) == 1);
    BASE_ASSERT(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, into(tag)) == 1);
}

bool FrameCipher::open(const ProtocolFrame& frame, MutableBytes out) {
    auto* context = context_->opening.get();
    BASE_ASSERT(out.size() >= frame.media.size());
    int size = 0;
    if (EVP_DecryptInit_ex2(context, nullptr, nullptr, aes_nonce(frame.nonce).data(), nullptr) != 1)
        return false;
    // The clear ranges, one behind the other, are the additional data; what lies between them is the
    // ciphertext.
    for (std::size_t i = 0; i < frame.clear_count; ++i) {
        const auto& range = frame.clear[i];
        if (range.offset + range.size > frame.media.size()) return false;
        const auto part = frame.media.subspan(range.offset, range.size);
        std::ranges::copy(part, out.begin() + static_cast<std::ptrdiff_t>(range.offset));
        if (EVP_DecryptUpdate(context, nullptr, &size, raw(part), static_cast<int>(part.size())) != 1)
            return false;
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i <= frame.clear_count; ++i) {
        const auto end = i < frame.clear_count ? frame.clear[i].offset : frame.media.size();
        const auto part = frame.media.subspan(at, end - at);
        if (EVP_DecryptUpdate(context, into(out.subspan(at, part.size())), &size, raw(part),
                              static_cast<int>(part.size())) != 1) {
            return false;
        }
        if (i < frame.clear_count) at = end + frame.clear[i].size;
    }
    std::array<unsigned char, kTagBytes> tag{};
    std::ranges::copy(frame.tag, reinterpret_cast<std::byte*>(tag.data()));
    std::array<unsigned char, 16> unused{};
    return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1 &&
           EVP_DecryptFinal_ex(context, unused.data(), &size) == 1;
}

FrameSealer::FrameSealer(mls::Secret base_secret, std::uint64_t last_nonce)
    : ratchet_{std::move(base_secret)}, cipher_{mls::Secret::zeros(mls::kKeyBytes)}, last_nonce_{last_nonce} {
    while (ratchet_.generation() < last_nonce >> kNonceBitsPerGeneration) ratchet_.advance();
    cipher_.rekey(ratchet_.key());
}

base::Result<std::size_t> FrameSealer::seal(MutableBytes buffer, std::size_t size) {
    if (size > buffer.size() || buffer.size() - size < kMaxOverheadBytes) {
        return base::fail(base::ErrorKind::invalid_argument, kFrameTooBig, size, "bytes in a buffer of",
                          buffer.size());
    }
    ++last_nonce_;
    if (last_nonce_ >> kNonceBitsPerGeneration != ratchet_.generation()) {
        ratchet_.advance();
        cipher_.rekey(ratchet_.key());
    }
    const auto nonce = static_cast<std::uint32_t>(last_nonce_);
    cipher_.seal(nonce, buffer.first(size), buffer.subspan(size, kTagBytes));
    auto end = size + kTagBytes;
    end += write_leb128(nonce, buffer.subspan(end));
    buffer[end] = static_cast<std::byte>(end + 1 + kMarker.size() - size);
    std::ranges::copy(kMarker, buffer.begin() + static_cast<std::ptrdiff_t>(end + 1));
    return end + 1 + kMarker.size();
}

}  // namespace bandstand::dave
