/* Four threads write one SQLite database at once; prints what is in it afterwards. */
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const char *file;

static void run(sqlite3 *db, const char *sql) {
  char *error = NULL;
  if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK) {
    fprintf(stderr, "%s: %s\n", sql, error);
    exit(1);
  }
}

static void *writer(void *number) {
  sqlite3 *db;
  if (sqlite3_open(file, &db) != SQLITE_OK) exit(1);
  sqlite3_busy_timeout(db, 60000);
  for (int i = 0; i < 200; ++i) {
    char sql[128];
    snprintf(sql, sizeof sql, "BEGIN IMMEDIATE; INSERT INTO t VALUES(%d, %d); COMMIT", (int)(size_t)number, i);
    run(db, sql);
  }
  sqlite3_close(db);
  return NULL;
}

static int print(void *unused, int columns, char **values, char **names) {
  (void)unused, (void)names;
  for (int i = 0; i < columns; ++i) printf("%s%c", values[i], i + 1 < columns ? ' ' : '\n');
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  file = argv[1];
  sqlite3 *db;
  if (sqlite3_open(file, &db) != SQLITE_OK) return 1;
  run(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; CREATE TABLE t(thread INT, n INT)");
  pthread_t threads[4];
  for (size_t i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, writer, (void *)i);
  for (size_t i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  sqlite3_exec(db, "SELECT thread, count(*), sum(n) FROM t GROUP BY thread", print, NULL, NULL);
  return sqlite3_close(db) != SQLITE_OK;
}
