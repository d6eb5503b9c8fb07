#include "postgres/testing.hpp"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bandstand::postgres::testing {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void give_up(const std::string& what) {
    std::fprintf(stderr, "private PostgreSQL: %s\n", what.c_str());
    std::exit(2);
}

const char* environment(const char* name) {
    return getenv(name);  // NOLINT(concurrency-mt-unsafe): before any thread exists
}

std::string binary(const std::string& name) {
    const char* chosen = environment("BANDSTAND_PG_BIN");
    const std::string directory = chosen != nullptr ? chosen : "/usr/lib/postgresql/15/bin";
    const auto path = directory + "/" + name;
    if (access(path.c_str(), X_OK) != 0)
        give_up(path + " is missing: install postgresql-15 or set BANDSTAND_PG_BIN");
    return path;
}

/// Whom the server runs as: PostgreSQL refuses root.
struct Account {
    uid_t user = geteuid();
    gid_t group = getegid();
};

Account server_account() {
    if (geteuid() != 0) return {};
    const passwd* found = getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe)
    if (found == nullptr) give_up("there is no user `postgres` to run it as: install postgresql-15");
    return {.user = found->pw_uid, .group = found->pw_gid};
}

/// Starts a program as `account`; its output goes to `log`. It dies with this process.
pid_t spawn(const Account& account, const std::vector<std::string>& command, const std::string& log) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child != 0) return child;
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (geteuid() == 0 &&
        (setgroups(0, nullptr) != 0 || setgid(account.group) != 0 || setuid(account.user) != 0)) {
        _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);  // after setuid, which would clear it
    setpgid(0, 0);                     // Ctrl-C is for the test, which then ends the server
    if (chdir("/") == 0) execv(arguments[0], arguments.data());
    _exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

std::string make_directory(const Account& account, const std::string& stem) {
    auto path = (fs::temp_directory_path() / (stem + "-XXXXXX")).string();
    if (mkdtemp(path.data()) == nullptr) give_up("cannot make " + path);
    if (chown(path.c_str(), account.user, account.group) != 0) give_up("cannot give away " + path);
    return path;
}

/// Removes `directory` and stops the server in it when this process has gone, however it went: the shell
/// waits for the end of a pipe whose other end only we hold. Returns that end.
int start_janitor(const std::string& directory) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) give_up("pipe failed");
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[0], STDIN_FILENO);
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        setsid();
        const char* script =
            "read _; pid=$(head -n 1 \"$1/data/postmaster.pid\") && kill -QUIT \"$pid\" && "
            "while kill -0 \"$pid\"; do sleep 0.05; done; rm -rf \"$1\"";
        execl("/bin/sh", "sh", "-c", script, "sh", directory.c_str(), nullptr);
        _exit(127);
    }
    close(ends[0]);
    return ends[1];
}

void copy_tree(const std::string& from, const std::string& to, const Account& account) {
    fs::copy(from, to, fs::copy_options::recursive);
    if (geteuid() != 0) return;
    chown(to.c_str(), account.user, account.group);
    for (const auto& entry : fs::recursive_directory_iterator{to}) {
        lchown(entry.path().c_str(), account.user, account.group);
    }
}

/// initdb takes a second, a copy of what it made a tenth of that: it is kept beside other temporary files.
std::string template_directory(const Account& account) {
    const auto version = fs::last_write_time(binary("initdb")).time_since_epoch().count();
    const auto kept = (fs::temp_directory_path() /
                       ("bandstand-initdb-" + std::to_string(account.user) + "-" + std::to_string(version)))
                          .string();
    struct stat found{};
    if (stat(kept.c_str(), &found) == 0 && found.st_uid == account.user) return kept;
    const auto made = make_directory(account, "bandstand-initdb");
    const auto log = made + "/initdb.log";
    const auto child = spawn(account,
                             {binary("initdb"), "--pgdata", made + "/data", "--username=bandstand",
                              "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"},
                             log);
    if (wait_for(child) != 0) give_up("initdb failed, see " + log);
    std::error_code raced;  // another process may have been faster; then its copy serves
    fs::rename(made, kept, raced);
    if (raced) fs::remove_all(made);
    return kept;
}

std::string connection_text(const std::string& directory, const std::string& database) {
    return "host=" + directory + " user=bandstand dbname=" + database;
}

using Link = std::unique_ptr<PGconn, decltype(&PQfinish)>;

Link connect(const std::string& directory) {
    return {PQconnectdb(connection_text(directory, "postgres").c_str()), &PQfinish};
}

}  // namespace

PrivatePostgres& PrivatePostgres::instance() {
    static PrivatePostgres server;
    return server;
}

PrivatePostgres::PrivatePostgres() {
    const auto account = server_account();
    const auto made = template_directory(account);
    directory_ = make_directory(account, "bandstand-pg");
    guard_ = start_janitor(directory_);
    copy_tree(made + "/data", directory_ + "/data", account);
    fs::permissions(directory_ + "/data", fs::perms::owner_all);
    start();
}

void PrivatePostgres::start() {
    std::vector<std::string> command{binary("postgres"), "-D", directory_ + "/data", "-k", directory_};
    for (const auto* setting :
         {"listen_addresses=", "fsync=off", "full_page_writes=off", "shared_buffers=32MB",
          "max_connections=100", "log_checkpoints=off", "unix_socket_permissions=0777"}) {
        command.insert(command.end(), {"-c", setting});
    }
    process_ = spawn(server_account(), command, directory_ + "/log");
    for (int tries = 0; tries < 1000; ++tries) {
        if (PQstatus(connect(directory_).get()) == CONNECTION_OK) return;
        if (waitpid(process_, nullptr, WNOHANG) != 0) break;
        poll(nullptr, 0, 10);
    }
    std::fflush(stderr);
    const auto log = directory_ + "/log";
    wait_for(spawn({}, {"/bin/cat", log}, "/dev/stderr"));
    give_up("the server did not start");
}

void PrivatePostgres::crash() {
    kill(process_, SIGQUIT);
    wait_for(process_);
}

void PrivatePostgres::crash_and_restart() {
    crash();
    start();
}

base::Secret PrivatePostgres::fresh_database() {
    const auto name = "test_" + std::to_string(getpid()) + "_" + std::to_string(++databases_);
    const auto link = connect(directory_);
    const std::unique_ptr<PGresult, decltype(&PQclear)> made{
        PQexec(link.get(), ("CREATE DATABASE " + name).c_str()), &PQclear};
    if (PQresultStatus(made.get()) != PGRES_COMMAND_OK) give_up(PQerrorMessage(link.get()));
    return base::Secret{connection_text(directory_, name)};
}

}  // namespace bandstand::postgres::testing
