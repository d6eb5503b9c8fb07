#include <gtest/gtest.h>

#include "../src/track_info.hpp"
#include "sound_files.hpp"

namespace bandstand::media {
namespace {

using testing::open;
using testing::song;

TEST(Metadata, ComesFromTheTagsOfEveryContainer) {
    for (const auto* name :
         {"tagged.mp3", "tagged.flac", "tagged.m4a", "tagged.opus", "tagged.webm", "tagged.wav"}) {
        auto reader = open(song(name, "-metadata title='Fugue in G' -metadata artist='J. S. Bach'"));
        EXPECT_EQ(reader->info().title, "Fugue in G") << name;
        EXPECT_EQ(reader->info().artist, "J. S. Bach") << name;
    }
}

TEST(Metadata, TakesTheNameWhenThereIsNoTag) {
    const auto content = testing::read_file(song("untagged.flac"));
    const auto title_of = [&](const char* name) { return (*testing::try_open(content, name))->info().title; };
    EXPECT_EQ(title_of("music/Toccata & Fugue.v2.flac"), "Toccata & Fugue.v2");
    EXPECT_EQ(title_of(".flac"), ".flac");
    EXPECT_EQ(title_of(""), "Untitled");
    EXPECT_EQ(title_of("folder/"), "Untitled");
}

TEST(CleanText, KeepsUtf8AndReplacesWhatIsNot) {
    EXPECT_EQ(clean_text("Für Elise – 🎹"), "Für Elise – 🎹");
    EXPECT_EQ(clean_text("a\xff"
                         "b\xc3"),
              "a?b?");
    EXPECT_EQ(clean_text("\xc0\x80 \xed\xa0\x80"), "?? ???") << "overlong and surrogate";
    EXPECT_EQ(clean_text("\n one\r\n\ttwo \n"), "one two");
}

TEST(CleanText, EndsAtAWholeCharacter) {
    std::string text(199, 'a');
    EXPECT_EQ(clean_text(text + "ü"), text);
    EXPECT_EQ(clean_text(std::string(5'000, 'a')).size(), 200U);
}

}  // namespace
}  // namespace bandstand::media
