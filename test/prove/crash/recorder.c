// Records, in order, what a process writes to and syncs on the files of its database, and what it says in its history:
// one line "OP FILE OFFSET LENGTH" and the bytes. Loaded with LD_PRELOAD; RECORD_FILE names where it goes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void record(const char *op, const char *file, long long offset, const void *bytes, size_t length) {
  static int out = -1;
  static ssize_t (*put)(int, const struct iovec *, int);
  pthread_mutex_lock(&lock);
  if (out < 0) {
    out = open(getenv("RECORD_FILE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    put = dlsym(RTLD_NEXT, "writev");
  }
  char head[PATH_MAX + 64];
  int size = snprintf(head, sizeof head, "%s %s %lld %zu\n", op, file, offset, bytes ? length : 0);
  struct iovec parts[2] = {{head, (size_t)size}, {(void *)bytes, bytes ? length : 0}};
  if (put(out, parts, 2) < 0) abort();
  pthread_mutex_unlock(&lock);
}

// The last part of the path, if it is a file of ours; "." for a folder.
static const char *name_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  const char *name = strrchr(path, '/');
  if (!name) return NULL;
  name++;
  if (!strncmp(name, "lubdub.db", 9) && !strstr(name, "-shm")) return name;
  if (!strcmp(name, "history.jsonl")) return name;
  struct stat facts;
  return fstat(fd, &facts) == 0 && S_ISDIR(facts.st_mode) ? "." : NULL;
}

static void record_fd(const char *op, int fd, long long offset, const void *bytes, size_t length) {
  char path[PATH_MAX];
  const char *name = name_of(fd, path);
  if (name) record(op, name, offset, bytes, length);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  ssize_t done = real(fd, bytes, length, offset);
  if (done > 0) record_fd("write", fd, offset, bytes, (size_t)done);
  return done;
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) { return pwrite64(fd, bytes, length, offset); }

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  ssize_t done = real(fd, bytes, length);
  if (done > 0) record_fd("note", fd, 0, bytes, (size_t)done);
  return done;
}

// RECORD_KILL_AT names the sync of the WAL, counted from 1, before which the process dies: what it has written is in the
// system's hands, and not yet on the disk.
static void die_before_sync(int fd) {
  static int count;
  char path[PATH_MAX];
  const char *kill_at = getenv("RECORD_KILL_AT");
  const char *name = kill_at ? name_of(fd, path) : NULL;
  if (name && !strcmp(name, "lubdub.db-wal") && ++count == atoi(kill_at)) kill(getpid(), SIGKILL);
}

int fsync(int fd) {
  die_before_sync(fd);
  REAL(int, "fsync", int);
  int failed = real(fd);
  if (!failed) record_fd("sync", fd, 0, NULL, 0);
  return failed;
}
int fdatasync(int fd) {
  die_before_sync(fd);
  REAL(int, "fdatasync", int);
  int failed = real(fd);
  if (!failed) record_fd("sync", fd, 0, NULL, 0);
  return failed;
}

int ftruncate64(int fd, off64_t size) {
  REAL(int, "ftruncate64", int, off64_t);
  int failed = real(fd, size);
  if (!failed) record_fd("truncate", fd, size, NULL, 0);
  return failed;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  int failed = real(path);
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  if (!failed && !strncmp(name, "lubdub.db", 9) && !strstr(name, "-shm")) record("unlink", name, 0, NULL, 0);
  return failed;
}
