#include "sandbox/discord/compressor.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace bandstand::sandbox {
namespace {

TEST(Compressor, ZlibMessagesEndInASyncFlushAndShareOneContext) {
    const auto compressor = make_compressor("zlib-stream");
    z_stream stream{};
    ASSERT_EQ(inflateInit(&stream), Z_OK);
    for (const auto& payload : {std::string{"{\"op\":10}"}, std::string(100'000, 'x'), std::string{"{}"}}) {
        auto packed = compressor->compress(payload);
        EXPECT_EQ(packed.substr(packed.size() - 4), std::string("\0\0\xFF\xFF", 4));
        std::string out(200'000, '\0');
        stream.next_in = reinterpret_cast<Bytef*>(packed.data());
        stream.avail_in = static_cast<uInt>(packed.size());
        stream.next_out = reinterpret_cast<Bytef*>(out.data());
        stream.avail_out = static_cast<uInt>(out.size());
        EXPECT_EQ(inflate(&stream, Z_SYNC_FLUSH), Z_OK);
        EXPECT_EQ(out.substr(0, out.size() - stream.avail_out), payload) << "one message, one document";
    }
    inflateEnd(&stream);
}

TEST(Compressor, ZstdMessagesFlushButDoNotEndTheFrame) {
    const auto compressor = make_compressor("zstd-stream");
    auto* context = ZSTD_createDCtx();
    for (const auto& payload : {std::string{"{\"op\":10}"}, std::string(100'000, 'x'), std::string{"{}"}}) {
        const auto packed = compressor->compress(payload);
        std::string out(200'000, '\0');
        ZSTD_inBuffer in{packed.data(), packed.size(), 0};
        ZSTD_outBuffer space{out.data(), out.size(), 0};
        EXPECT_NE(ZSTD_decompressStream(context, &space, &in), 0U) << "the frame goes on";
        EXPECT_EQ(in.pos, packed.size());
        EXPECT_EQ(out.substr(0, space.pos), payload);
    }
    ZSTD_freeDCtx(context);
}

TEST(Compressor, OtherNamesMeanNone) {
    EXPECT_EQ(make_compressor(""), nullptr);
    EXPECT_EQ(make_compressor("gzip"), nullptr);
}

}  // namespace
}  // namespace bandstand::sandbox
