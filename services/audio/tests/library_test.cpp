#include "adapters/library.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "../../../libs/media/tests/sound_files.hpp"
#include "base/random.hpp"
#include "domain/reasons.hpp"
#include "runtime/task_group.hpp"
#include "runtime/testing.hpp"

namespace bandstand::audio {
namespace {

namespace fs = std::filesystem;
namespace files = media::testing;

class LibraryTest : public runtime::LoopTest {
public:
    LibraryTest() {
        fs::create_directories(root_ / "album");
        const std::string tags = "-t 1 -metadata title=Jóga -metadata artist=Björk";
        fs::copy(files::song("tagged.flac", tags), root_ / "album" / "01.flac");
        fs::copy(files::song("short.opus", "-t 1 -c:a libopus"), root_ / "Plain name.opus");
    }
    ~LibraryTest() override { fs::remove_all(folder_); }

    /// Scans until the library is ready (and `until` holds), then runs `check`.
    void with_library(std::function<void(Library&)> check, std::function<bool(Library&)> until = {}) {
        run([](LibraryTest& test, auto verify, auto wanted) -> runtime::Task<void> {
            runtime::ThreadPool pool{1};
            Library library{test.context_, pool, test.root_, std::chrono::milliseconds{20}};
            runtime::TaskGroup tasks{test.context_};
            tasks.spawn("watch", library.watch());
            while (!library.ready() || (wanted && !wanted(library))) {
                co_await runtime::sleep_for(std::chrono::milliseconds{5});
            }
            verify(library);
            tasks.stop();
            static_cast<void>(co_await tasks.join());
        }(*this, std::move(check), std::move(until)));
    }

    fs::path folder_ = fs::temp_directory_path() / ("library_test_" + base::make_uuid({}));
    fs::path root_ = folder_ / "music";
};

TEST_F(LibraryTest, FindsFilesByTheirTagsAndNames) {
    with_library([](Library& library) {
        EXPECT_EQ(library.size(), 2U);
        const auto joga = library.search("bjork joga", 5);
        ASSERT_EQ(joga.size(), 1U);
        EXPECT_EQ(joga[0]->info.title, "Jóga");
        EXPECT_EQ(joga[0]->info.artist, "Björk");
        EXPECT_NEAR(static_cast<double>(joga[0]->info.duration->count()), 1'000, 50);
        EXPECT_FALSE(joga[0]->info.passthrough);
        const auto plain = library.search("plain", 5);
        ASSERT_EQ(plain.size(), 1U);
        EXPECT_TRUE(plain[0]->info.passthrough);
        EXPECT_EQ(library.find(plain[0]->key), plain[0]);
        EXPECT_LE(plain[0]->key.size(), 96U) << "must fit a Discord choice";
        EXPECT_TRUE(library.search("absent", 5).empty());
        EXPECT_EQ(library.find("no such key"), nullptr);
    });
}

TEST_F(LibraryTest, SeesWhatIsAddedAndForgetsWhatIsRemoved) {
    with_library(
        [this](Library&) {
            fs::remove(root_ / "Plain name.opus");
            fs::copy(files::song("short.wav", "-t 1"), root_ / "New.wav");
        },
        {});
    with_library([](Library& library) { EXPECT_EQ(library.size(), 2U); },
                 [](Library& library) {
                     return library.search("new", 1).size() == 1 && library.search("plain", 1).empty();
                 });
}

TEST_F(LibraryTest, LeavesOutWhatIsNotAudioThoughItIsNamedLikeIt) {
    std::ofstream{root_ / "liar.mp3"} << "<html>not audio at all</html>";
    with_library([](Library& library) {
        EXPECT_TRUE(library.search("liar", 5).empty());
        EXPECT_EQ(library.search("", 5).size(), 2U);
    });
}

TEST_F(LibraryTest, NeverLeavesItsFolder) {
    fs::copy(files::song("short.wav", "-t 1"), folder_ / "secret.wav");
    fs::create_symlink(folder_ / "secret.wav", root_ / "link.wav");
    fs::create_directory_symlink(folder_, root_ / "up");
    with_library([](Library& library) {
        EXPECT_TRUE(library.search("secret", 5).empty());
        EXPECT_TRUE(library.search("link", 5).empty());
    });
    EXPECT_EQ(Library::open(root_, "../secret.wav").error().reason(), domain::kNotFound);
    EXPECT_EQ(Library::open(root_, "link.wav").error().reason(), domain::kNotFound);
    EXPECT_EQ(Library::open(root_, "/etc/passwd").error().reason(), domain::kNotFound);
    EXPECT_TRUE(Library::open(root_, "album/01.flac"));
}

TEST_F(LibraryTest, AnAbsentFolderIsAnEmptyLibrary) {
    fs::remove_all(root_);
    with_library([](Library& library) { EXPECT_EQ(library.size(), 0U); });
}

}  // namespace
}  // namespace bandstand::audio
