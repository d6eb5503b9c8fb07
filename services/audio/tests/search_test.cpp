#include "domain/search.hpp"

#include <gtest/gtest.h>

namespace bandstand::audio::domain {
namespace {

std::optional<int> rank_of(const std::string& title, const std::string& artist, const std::string& query,
                           const std::string& other = "") {
    return rank({fold(title), fold(artist), fold(other)}, words_of(fold(query)));
}

TEST(Fold, MakesTextAsPeopleTypeIt) {
    EXPECT_EQ(fold("  Björk – Jóga  (Live!) "), "bjork joga live");
    EXPECT_EQ(fold("Don’t Stop / don't"), "dont stop dont");
    EXPECT_EQ(fold("Straße Æon Œuvre Þór"), "strasse aeon oeuvre thor");
    EXPECT_EQ(fold("ŁÓDŹ çşğ"), "lodz csg");
    EXPECT_EQ(fold("東京 Москва"), "東京 Москва");
    EXPECT_EQ(fold("e\xCC\x81toile"), "etoile") << "a combining accent";
}

TEST(Fold, SurvivesBytesThatAreNotUtf8) {
    EXPECT_EQ(fold("a\xFF\xC3z\xE2\x82"), "a z");
    EXPECT_EQ(fold(std::string("nul\0l", 5)), "nul l");
    EXPECT_EQ(fold(""), "");
}

TEST(Rank, EveryWordMustOccurSomewhere) {
    EXPECT_TRUE(rank_of("Air on the G String", "Bach", "bach air"));
    EXPECT_FALSE(rank_of("Air on the G String", "Bach", "bach toccata"));
    EXPECT_TRUE(rank_of("Track 1", "", "bach", "Johann Sebastian Bach/01.flac"))
        << "the folder's name counts";
}

TEST(Rank, TheWholeTitleComesBeforeItsBeginningAndThatBeforeTheRest) {
    const auto whole = rank_of("Air", "Bach", "air");
    const auto beginning = rank_of("Air on the G String", "Bach", "air");
    const auto inside = rank_of("On the Air", "Bach", "air");
    const auto part_of_word = rank_of("Fairground", "Bach", "air");
    const auto artist = rank_of("La Femme d'Argent", "Air", "air");
    EXPECT_GT(whole, beginning);
    EXPECT_GT(beginning, inside);
    EXPECT_GT(inside, part_of_word);
    EXPECT_GT(inside, artist);
    EXPECT_TRUE(artist);
}

TEST(Rank, AQueryWithoutWordsFitsEverything) {
    EXPECT_TRUE(rank_of("Air", "Bach", "!?"));
}

TEST(Words, AreBounded) {
    EXPECT_EQ(words_of(fold(std::string(1'000, 'a') + std::string(200, ' ') + "b")).size(), 2U);
}

}  // namespace
}  // namespace bandstand::audio::domain
