#include "client/catalogue.h"

#include <string.h>

#include "client/session-private.h"

#define PAGE_TITLES 1000
#define FIRST_PAGE_TITLES 200 /* so that something is there at once */
#define PAGES_MAX 10000
#define RESTARTS_MAX 3
#define MARK_MAX 256
#define COVER_MAX (4 * 1024 * 1024)
#define PART_USEC (G_USEC_PER_SEC / 10) /* between parts of a long list */

/* One answer of 8.1, kept so that "unchanged" can be believed. */
typedef struct
{
  char *mark;
  char *next;        /* cursor; NULL for the last */
  GPtrArray *titles; /* CantigaTitle */
} Page;

struct _CantigaCatalogue
{
  GObject parent;
  CantigaSession *session;
  GListStore *titles;
  GPtrArray *pages; /* Page, of the last whole load */
};

G_DEFINE_FINAL_TYPE (CantigaCatalogue, cantiga_catalogue, G_TYPE_OBJECT)

static Page *
page_new (const char *mark, const char *next, GPtrArray *titles)
{
  Page *page = g_new0 (Page, 1);

  page->mark = g_strdup (mark);
  page->next = g_strdup (next);
  page->titles = g_ptr_array_ref (titles);
  return page;
}

static void
page_free (Page *page)
{
  g_free (page->mark);
  g_free (page->next);
  g_ptr_array_unref (page->titles);
  g_free (page);
}

static void
cantiga_catalogue_finalize (GObject *object)
{
  CantigaCatalogue *self = CANTIGA_CATALOGUE (object);

  g_clear_object (&self->session);
  g_clear_object (&self->titles);
  g_ptr_array_unref (self->pages);
  G_OBJECT_CLASS (cantiga_catalogue_parent_class)->finalize (object);
}

static void
cantiga_catalogue_class_init (CantigaCatalogueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = cantiga_catalogue_finalize;
}

static void
cantiga_catalogue_init (CantigaCatalogue *self)
{
  self->titles = g_list_store_new (CANTIGA_TYPE_TITLE);
  self->pages = g_ptr_array_new_with_free_func ((GDestroyNotify)page_free);
}

CantigaCatalogue *
cantiga_catalogue_new (CantigaSession *session)
{
  CantigaCatalogue *self = g_object_new (CANTIGA_TYPE_CATALOGUE, NULL);

  self->session = g_object_ref (session);
  return self;
}

GListModel *
cantiga_catalogue_get_titles (CantigaCatalogue *self)
{
  g_return_val_if_fail (CANTIGA_IS_CATALOGUE (self), NULL);
  return G_LIST_MODEL (self->titles);
}

/* ---- loading ---- */

typedef struct
{
  GPtrArray *pages;  /* Page: those that came so far */
  GHashTable *known; /* CantigaId → CantigaTitle, borrowed: the objects that are there */
  gboolean first;    /* shown as the last step of signing in */
  gint64 shown_at;   /* when a part of a first load was last put into the list */
  guint restarts;
} Load;

static void
load_free (Load *load)
{
  g_ptr_array_unref (load->pages);
  g_hash_table_unref (load->known);
  g_free (load);
}

static CantigaTitle *
peek_title (CantigaCatalogue *self, guint index)
{
  g_autoptr (CantigaTitle) title = g_list_model_get_item (G_LIST_MODEL (self->titles), index);

  return title; /* the list keeps it */
}

static Load *
load_new (CantigaCatalogue *self)
{
  Load *load = g_new0 (Load, 1);

  load->pages = g_ptr_array_new_with_free_func ((GDestroyNotify)page_free);
  load->known = g_hash_table_new (cantiga_id_hash, cantiga_id_equal_func);
  load->first = self->pages->len == 0;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->titles)); i++)
    {
      CantigaTitle *title = peek_title (self, i);
      g_hash_table_insert (load->known, (gpointer)cantiga_title_get_id (title), title);
    }
  return load;
}

static void
load_show (CantigaCatalogue *self, Load *load, CantigaStepState state, const char *detail)
{
  if (load->first)
    cantiga_session_show_step (self->session, CANTIGA_STEP_CATALOGUE, state, detail);
}

static void
load_fail (GTask *task, GError *error)
{
  load_show (g_task_get_source_object (task), g_task_get_task_data (task), CANTIGA_STEP_FAILED, error->message);
  g_task_return_error (task, error);
}

/* A title that is known already keeps its object. */
static CantigaTitle *
load_title (Load *load, JsonObject *object, GError **error)
{
  g_autoptr (CantigaTitle) title = cantiga_title_decode (object, error);
  CantigaTitle *known = title != NULL ? g_hash_table_lookup (load->known, cantiga_title_get_id (title)) : NULL;

  if (known == NULL)
    return g_steal_pointer (&title);
  cantiga_title_follow (known, title);
  return g_object_ref (known);
}

static Page *
load_decode_page (Load *load, JsonObject *answer, GError **error)
{
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func (g_object_unref);
  JsonArray *array = cantiga_json_get_array (answer, "titles", PAGE_TITLES, error);
  const char *mark, *next = NULL;

  if (array == NULL || !cantiga_json_get_text (answer, "mark", MARK_MAX, &mark, error)
      || (cantiga_json_has (answer, "next") && !cantiga_json_get_text (answer, "next", MARK_MAX * 4, &next, error)))
    return NULL;
  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *item = json_array_get_element (array, i);
      CantigaTitle *title;
      if (!JSON_NODE_HOLDS_OBJECT (item))
        {
          cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The catalogue holds what is not a title.");
          return NULL;
        }
      if ((title = load_title (load, json_node_get_object (item), error)) == NULL)
        return NULL;
      g_ptr_array_add (titles, title);
    }
  return page_new (mark, next, titles);
}

/* The page that stands at this place, if it was asked for from the same cursor. */
static Page *
find_former (CantigaCatalogue *self, Load *load)
{
  guint at = load->pages->len;
  const char *cursor = at > 0 ? ((Page *)load->pages->pdata[at - 1])->next : NULL;
  const char *former_cursor = at > 0 && at <= self->pages->len ? ((Page *)self->pages->pdata[at - 1])->next : NULL;

  return at < self->pages->len && g_strcmp0 (cursor, former_cursor) == 0 ? self->pages->pdata[at] : NULL;
}

static Page *
load_take_page (CantigaCatalogue *self, Load *load, JsonObject *answer, GError **error)
{
  Page *former = find_former (self, load);
  gboolean unchanged = FALSE;

  if (cantiga_json_has (answer, "unchanged") && !cantiga_json_get_boolean (answer, "unchanged", &unchanged, error))
    return NULL;
  if (!unchanged)
    return load_decode_page (load, answer, error);
  if (former != NULL)
    return page_new (former->mark, former->next, former->titles);
  cantiga_fail_with (error, CANTIGA_ERROR_MALFORMED, "The server says that a list is unchanged which was never asked for.");
  return NULL;
}

/* Of the pages that are here; the pages keep them. */
static GPtrArray *
load_gather (Load *load)
{
  GPtrArray *all = g_ptr_array_new ();

  for (guint i = 0; i < load->pages->len; i++)
    {
      GPtrArray *titles = ((Page *)load->pages->pdata[i])->titles;
      for (guint j = 0; j < titles->len; j++)
        g_ptr_array_add (all, titles->pdata[j]);
    }
  return all;
}

/* How many titles at the list's start are those of all, in their order. */
static guint
count_same (GListStore *titles, GPtrArray *all)
{
  guint n = MIN (g_list_model_get_n_items (G_LIST_MODEL (titles)), all->len);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (CantigaTitle) title = g_list_model_get_item (G_LIST_MODEL (titles), i);
      if (title != all->pdata[i])
        return i;
    }
  return n;
}

/* Changes no more of the list than changed. */
static void
load_put (CantigaCatalogue *self, Load *load)
{
  g_autoptr (GPtrArray) all = load_gather (load);
  guint same = count_same (self->titles, all), there = g_list_model_get_n_items (G_LIST_MODEL (self->titles));

  if (same < there || same < all->len)
    g_list_store_splice (self->titles, same, there - same, all->pdata + same, all->len - same);
}

/* What came of a first load is there for who waits for it: the first page at once, the next ones together, as each change of the list costs. */
static void
load_put_part (CantigaCatalogue *self, Load *load)
{
  gint64 now = g_get_monotonic_time ();

  if (!load->first || now - load->shown_at < PART_USEC)
    return;
  load->shown_at = now;
  load_put (self, load);
}

/* The list changes once, and only if its titles or their order did. */
static void
load_commit (GTask *task)
{
  CantigaCatalogue *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);
  g_autofree char *detail = NULL;
  guint n;

  load_put (self, load);
  n = g_list_model_get_n_items (G_LIST_MODEL (self->titles));
  g_ptr_array_unref (self->pages);
  self->pages = g_ptr_array_ref (load->pages);
  detail = g_strdup_printf (n == 1 ? "%u title" : "%u titles", n);
  load_show (self, load, CANTIGA_STEP_DONE, detail);
  g_task_return_boolean (task, TRUE);
}

static void load_ask (GTask *task);

/* A title that was taken away between two pages takes its cursor with it: the server refuses that, and the first page is asked for once more. */
static gboolean
load_restart (GTask *task, const GError *error)
{
  Load *load = g_task_get_task_data (task);

  if (!g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_MALFORMED) || load->pages->len == 0 || load->restarts++ >= RESTARTS_MAX)
    return FALSE;
  g_ptr_array_set_size (load->pages, 0);
  load_ask (task);
  return TRUE;
}

static void
load_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  Load *load = g_task_get_task_data (task);
  GError *error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (CANTIGA_SESSION (source), result, &error);
  Page *page = answer != NULL ? load_take_page (g_task_get_source_object (task), load, answer, &error) : NULL;

  if (page == NULL && load_restart (task, error))
    return g_error_free (error);
  if (page == NULL)
    return load_fail (task, error);
  g_ptr_array_add (load->pages, page);
  if (page->next == NULL || load->pages->len >= PAGES_MAX)
    load_commit (task);
  else
    {
      load_put_part (g_task_get_source_object (task), load);
      load_ask (task);
    }
}

static void
load_ask (GTask *task)
{
  CantigaCatalogue *self = g_task_get_source_object (task);
  Load *load = g_task_get_task_data (task);
  Page *last = load->pages->len > 0 ? load->pages->pdata[load->pages->len - 1] : NULL;
  Page *former = find_former (self, load);
  g_autoptr (GString) path = g_string_new (NULL);

  g_string_printf (path, "/api/list?limit=%d", last == NULL ? FIRST_PAGE_TITLES : PAGE_TITLES);
  if (last != NULL)
    g_string_append_uri_escaped (g_string_append (path, "&after="), last->next, NULL, FALSE);
  if (former != NULL)
    g_string_append_uri_escaped (g_string_append (path, "&mark="), former->mark, NULL, FALSE);
  cantiga_session_call_async (self->session, "GET", path->str, NULL, g_task_get_cancellable (task), load_answered_cb, g_object_ref (task));
}

void
cantiga_catalogue_load_async (CantigaCatalogue *self, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Load *load;

  g_return_if_fail (CANTIGA_IS_CATALOGUE (self));
  task = g_task_new (self, cancellable, callback, user_data);
  load = load_new (self);
  g_task_set_source_tag (task, cantiga_catalogue_load_async);
  g_task_set_task_data (task, load, (GDestroyNotify)load_free);
  load_show (self, load, CANTIGA_STEP_STARTED, NULL);
  load_ask (task);
}

gboolean
cantiga_catalogue_load_finish (CantigaCatalogue *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_catalogue_load_async), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- finding ---- */

static char *
fold (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);

  return g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
}

static gboolean
name_is (CantigaTitle *title, const char *folded)
{
  g_autofree char *name = fold (cantiga_title_get_name (title));

  return g_strcmp0 (name, folded) == 0;
}

/* Every word is part of name, artist or album. */
static gboolean
has_words (CantigaTitle *title, const char *words)
{
  g_autofree char *all = g_strjoin (" ", cantiga_title_get_name (title), cantiga_title_get_artist (title), cantiga_title_get_album (title), NULL);

  return g_str_match_string (words, all, TRUE);
}

static gboolean
find_by_number (CantigaCatalogue *self, const char *words, CantigaTitle **ret_title)
{
  guint64 number;

  if (!g_ascii_string_to_unsigned (words, 10, 1, g_list_model_get_n_items (G_LIST_MODEL (self->titles)), &number, NULL))
    return FALSE;
  *ret_title = peek_title (self, (guint)number - 1);
  return TRUE;
}

typedef gboolean (*TitleMatch) (CantigaTitle *title, const char *words);

/* How many match; ret_title: the first. */
static guint
count_matches (CantigaCatalogue *self, TitleMatch match, const char *words, CantigaTitle **ret_title)
{
  guint matches = 0;

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->titles)); i++)
    {
      CantigaTitle *title = peek_title (self, i);
      if (match (title, words) && matches++ == 0)
        *ret_title = title;
    }
  return matches;
}

static gboolean
id_is (CantigaTitle *title, const char *words)
{
  CantigaId id;

  return cantiga_id_parse (words, &id) && cantiga_id_equal (cantiga_title_get_id (title), &id);
}

CantigaTitle *
cantiga_catalogue_find_title (CantigaCatalogue *self, const char *words, GError **error)
{
  g_autofree char *plain = g_strstrip (g_strdup (words));
  g_autofree char *folded = fold (plain);
  CantigaTitle *title = NULL;
  guint n;

  g_return_val_if_fail (CANTIGA_IS_CATALOGUE (self), NULL);
  if (count_matches (self, id_is, plain, &title) > 0)
    return title;
  n = folded != NULL ? count_matches (self, name_is, folded, &title) : 0;
  if (n == 0 && find_by_number (self, plain, &title))
    return title;
  if (n == 0 && *plain != '\0')
    n = count_matches (self, has_words, plain, &title);
  if (n == 1)
    return title;
  if (n == 0)
    cantiga_fail_with (error, CANTIGA_ERROR_TITLE_UNKNOWN, "The catalogue has no title “%s”.", plain);
  else
    cantiga_fail_with (error, CANTIGA_ERROR_TITLE_UNKNOWN, "The catalogue has %u titles “%s”: say which by its number or with more words.", n, plain);
  return NULL;
}

/* ---- covers ---- */

typedef struct
{
  char *type;
  GBytes *image;
} Cover;

static void
cover_free (Cover *cover)
{
  g_free (cover->type);
  g_clear_pointer (&cover->image, g_bytes_unref);
  g_free (cover);
}

static void
cover_answered_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) answer = cantiga_session_call_finish (CANTIGA_SESSION (source), result, &error);
  g_autoptr (GBytes) image = answer != NULL ? cantiga_json_get_bytes (answer, "data", 1, COVER_MAX, &error) : NULL;
  const char *type;
  Cover *cover;

  if (image != NULL && cantiga_json_get_text (answer, "type", MARK_MAX, &type, &error))
    {
      cover = g_new0 (Cover, 1);
      cover->type = g_strdup (type);
      cover->image = g_steal_pointer (&image);
      return g_task_return_pointer (task, cover, (GDestroyNotify)cover_free);
    }
  if (g_error_matches (error, CANTIGA_ERROR, CANTIGA_ERROR_NOT_FOUND))
    return g_task_return_pointer (task, NULL, NULL);
  g_task_return_error (task, g_steal_pointer (&error));
}

void
cantiga_catalogue_fetch_cover_async (CantigaCatalogue *self, CantigaTitle *title, GCancellable *cancellable, GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  char id[CANTIGA_ID_TEXT_LENGTH];
  g_autofree char *path = NULL;

  g_return_if_fail (CANTIGA_IS_CATALOGUE (self) && CANTIGA_IS_TITLE (title));
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, cantiga_catalogue_fetch_cover_async);
  if (cantiga_title_get_cover (title) == NULL)
    return g_task_return_pointer (task, NULL, NULL);
  path = g_strconcat ("/api/cover?title=", cantiga_id_format (cantiga_title_get_id (title), id), NULL);
  cantiga_session_call_async (self->session, "GET", path, NULL, cancellable, cover_answered_cb, g_object_ref (task));
}

GBytes *
cantiga_catalogue_fetch_cover_finish (CantigaCatalogue *self, GAsyncResult *result, char **ret_type, GError **error)
{
  Cover *cover;
  GBytes *image;

  g_return_val_if_fail (g_async_result_is_tagged (result, cantiga_catalogue_fetch_cover_async), NULL);
  cover = g_task_propagate_pointer (G_TASK (result), error);
  if (cover == NULL)
    return NULL;
  image = g_steal_pointer (&cover->image);
  if (ret_type != NULL)
    *ret_type = g_steal_pointer (&cover->type);
  cover_free (cover);
  return image;
}
