#include "discord/transport_compression.hpp"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

namespace bandstand::discord {
namespace {

// As Discord compresses: one context for the connection, a flush after each document.
class ZlibPeer {
public:
    ZlibPeer() { deflateInit(&stream_, Z_DEFAULT_COMPRESSION); }
    ~ZlibPeer() { deflateEnd(&stream_); }
    ZlibPeer(const ZlibPeer&) = delete;
    ZlibPeer& operator=(const ZlibPeer&) = delete;
    std::string compress(std::string document) {
        std::string out(document.size() + 1'024, '\0');
        stream_.next_in = reinterpret_cast<Bytef*>(document.data());
        stream_.avail_in = static_cast<uInt>(document.size());
        stream_.next_out = reinterpret_cast<Bytef*>(out.data());
        stream_.avail_out = static_cast<uInt>(out.size());
        deflate(&stream_, Z_SYNC_FLUSH);
        out.resize(out.size() - stream_.avail_out);
        return out;
    }

private:
    z_stream stream_{};
};

class ZstdPeer {
public:
    std::string compress(const std::string& document) {
        std::string out(ZSTD_compressBound(document.size()) + 64, '\0');
        ZSTD_inBuffer in{document.data(), document.size(), 0};
        ZSTD_outBuffer to{out.data(), out.size(), 0};
        ZSTD_compressStream2(stream_.get(), &to, &in, ZSTD_e_flush);
        out.resize(to.pos);
        return out;
    }

private:
    std::unique_ptr<ZSTD_CStream, decltype(&ZSTD_freeCStream)> stream_{ZSTD_createCStream(),
                                                                       &ZSTD_freeCStream};
};

std::string large_document() {
    std::string text = "{\"d\":\"";
    for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i * 7'919);
    return text + "\"}";
}

TEST(ZlibStream, ReadsDocumentAfterDocumentWithOneContext) {
    ZlibPeer peer;
    const auto reader = make_decompressor(Compression::zlib_stream);
    for (const auto& document : {std::string{"{\"op\":10}"}, large_document(), std::string{"{}"}}) {
        const auto read = reader->feed(peer.compress(document));
        ASSERT_TRUE(read) << read.error().describe();
        EXPECT_EQ(**read, document);
    }
}

TEST(ZlibStream, PutsTogetherADocumentThatComesInPieces) {
    ZlibPeer peer;
    const auto reader = make_decompressor(Compression::zlib_stream);
    const auto bytes = peer.compress("{\"op\":11}");
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
        const auto read = reader->feed(std::string_view{bytes}.substr(i, 1));
        ASSERT_TRUE(read);
        EXPECT_FALSE(*read);
    }
    const auto read = reader->feed(std::string_view{bytes}.substr(bytes.size() - 1));
    ASSERT_TRUE(read && *read);
    EXPECT_EQ(**read, "{\"op\":11}");
}

TEST(ZstdStream, ReadsDocumentAfterDocumentWithOneContext) {
    ZstdPeer peer;
    const auto reader = make_decompressor(Compression::zstd_stream);
    for (const auto& document : {std::string{"{\"op\":10}"}, large_document(), std::string{"{}"}}) {
        const auto read = reader->feed(peer.compress(document));
        ASSERT_TRUE(read) << read.error().describe();
        EXPECT_EQ(**read, document);
    }
}

class CompressionCap : public ::testing::TestWithParam<Compression> {
protected:
    std::string compress(const std::string& document) {
        switch (GetParam()) {
            case Compression::zlib_stream:
                return zlib_.compress(document);
            case Compression::zstd_stream:
                return zstd_.compress(document);
            case Compression::none:
                return document;
        }
        return {};
    }
    ZlibPeer zlib_;
    ZstdPeer zstd_;
};

TEST_P(CompressionCap, ADocumentOverTheCapIsRefused) {
    const auto reader = make_decompressor(GetParam(), 64U << 10U);
    EXPECT_TRUE(reader->feed(compress(std::string(1'000, 'a'))));
    EXPECT_FALSE(reader->feed(compress(std::string(1U << 20U, 'a'))));
}

TEST(Compression, DamagedBytesAreRefused) {
    using namespace std::string_view_literals;
    for (const auto compression : {Compression::zlib_stream, Compression::zstd_stream}) {
        EXPECT_FALSE(make_decompressor(compression)->feed("not compressed at all\x00\x00\xFF\xFF"sv));
    }
}

INSTANTIATE_TEST_SUITE_P(All, CompressionCap,
                         ::testing::Values(Compression::none, Compression::zlib_stream,
                                           Compression::zstd_stream));

}  // namespace
}  // namespace bandstand::discord
