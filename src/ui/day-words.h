/* Days and hours in words of the program's own language, whatever the system's locale is called (pure; no widgets). Times are in seconds since 1970,
 * shown in local time. Free with g_free(). */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "14 March". */
char *cantiga_day_words_dup_date (gint64 time);
/* The same, with the year where it is not that of now: "14 March 2024". */
char *cantiga_day_words_dup_date_of_any_year (gint64 time, gint64 now);
/* When something ends that has not ended: "45 min left", "until 18:00", "until Friday", "until 14 March". */
char *cantiga_day_words_dup_until (gint64 time, gint64 now);
/* The same with the hour where it matters: "until Friday 18:00". */
char *cantiga_day_words_dup_until_hour (gint64 time, gint64 now);
/* When something was: "today", "yesterday", "on Friday", "on 14 March". */
char *cantiga_day_words_dup_past (gint64 time, gint64 now);
/* A day and its hour, whole: "Friday 27 November, 18:00". */
char *cantiga_day_words_dup_moment (gint64 time);
/* When something was, with its hour: "yesterday 8:12". */
char *cantiga_day_words_dup_past_hour (gint64 time, gint64 now);
/* "3:35", "1:02:03". */
char *cantiga_day_words_dup_length (double seconds);

G_END_DECLS
