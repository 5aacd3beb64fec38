#include "client/card-program.h"

#include <signal.h>

#include "core/wire.h"

struct _CantigaCardProgram
{
  GObject parent;

  GSubprocess *child;
  GDataInputStream *answers;
  GCancellable *stopped;
};

/* What is being written. */
typedef struct
{
  GBytes *line;
  CantigaSecret *pin;
} Letter;

G_DEFINE_FINAL_TYPE (CantigaCardProgram, cantiga_card_program, G_TYPE_OBJECT)

static guint ended_signal;

/* It reads the end of its requests, signs out and ends; a module that hangs on the way ends with it. */
static void
cantiga_card_program_dispose (GObject *object)
{
  CantigaCardProgram *program = CANTIGA_CARD_PROGRAM (object);

  g_cancellable_cancel (program->stopped);
  if (program->child != NULL)
    g_output_stream_close (g_subprocess_get_stdin_pipe (program->child), NULL, NULL);
  g_clear_object (&program->answers);
  g_clear_object (&program->child);
  G_OBJECT_CLASS (cantiga_card_program_parent_class)->dispose (object);
}

static void
cantiga_card_program_finalize (GObject *object)
{
  g_object_unref (CANTIGA_CARD_PROGRAM (object)->stopped);
  G_OBJECT_CLASS (cantiga_card_program_parent_class)->finalize (object);
}

static void
cantiga_card_program_class_init (CantigaCardProgramClass *class_)
{
  G_OBJECT_CLASS (class_)->dispose = cantiga_card_program_dispose;
  G_OBJECT_CLASS (class_)->finalize = cantiga_card_program_finalize;
  ended_signal = g_signal_new ("ended", CANTIGA_TYPE_CARD_PROGRAM, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
cantiga_card_program_init (CantigaCardProgram *program)
{
  program->stopped = g_cancellable_new ();
}

/* Cancelled (stopped, or freed), it fails, and the program may not be there any more. */
static void
child_ended_cb (GObject *child, GAsyncResult *result, gpointer user_data)
{
  if (g_subprocess_wait_finish (G_SUBPROCESS (child), result, NULL))
    g_signal_emit (user_data, ended_signal, 0);
}

static GStrv
create_arguments (const char *path, const char *const *modules)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  g_strv_builder_add (builder, path);
  for (guint i = 0; modules != NULL && modules[i] != NULL; i++)
    g_strv_builder_add_many (builder, "--module", modules[i], NULL);
  return g_strv_builder_end (builder);
}

/* A program that is gone shows as an error of writing, not as a signal that ends this one too (GSocket sees to it in the same way). */
static void
ignore_broken_pipes (void)
{
  struct sigaction action;

  if (sigaction (SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
    signal (SIGPIPE, SIG_IGN);
}

CantigaCardProgram *
cantiga_card_program_start (const char *path, const char *const *modules, GError **error)
{
  g_autoptr (CantigaCardProgram) program = g_object_new (CANTIGA_TYPE_CARD_PROGRAM, NULL);
  g_auto (GStrv) arguments = create_arguments (path, modules);

  ignore_broken_pipes ();
  program->child = g_subprocess_newv ((const char *const *)arguments,
                                      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, error);
  if (program->child == NULL)
    return NULL;
  program->answers = g_data_input_stream_new (g_subprocess_get_stdout_pipe (program->child));
  g_subprocess_wait_async (program->child, program->stopped, child_ended_cb, program);
  return g_steal_pointer (&program);
}

void
cantiga_card_program_stop (CantigaCardProgram *program)
{
  g_cancellable_cancel (program->stopped);
  g_subprocess_force_exit (program->child);
}

static void
letter_free (Letter *letter)
{
  g_bytes_unref (letter->line);
  g_clear_pointer (&letter->pin, cantiga_secret_free);
  g_free (letter);
}

static void
line_read_cb (GObject *answers, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  gsize length = 0;
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (answers), result, &length, &error);
  JsonObject *object = line != NULL ? cantiga_json_parse (line, length, &error) : NULL;

  if (object != NULL)
    g_task_return_pointer (task, object, (GDestroyNotify)json_object_unref);
  else if (error != NULL)
    g_task_return_error (task, g_steal_pointer (&error));
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "cantiga-card ended");
}

static void
read_answer (GTask *task)
{
  CantigaCardProgram *program = g_task_get_source_object (task);

  g_data_input_stream_read_line_async (program->answers, G_PRIORITY_DEFAULT, program->stopped, line_read_cb, g_object_ref (task));
}

static void
pin_written_cb (GObject *requests, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  gboolean written = g_output_stream_write_all_finish (G_OUTPUT_STREAM (requests), result, NULL, &error);

  g_clear_pointer (&((Letter *)g_task_get_task_data (task))->pin, cantiga_secret_free);
  if (written)
    read_answer (task);
  else
    g_task_return_error (task, error);
}

/* Straight from the secret's own memory: GIO makes no copy of what it writes to a pipe. */
static void
line_written_cb (GObject *requests, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  CantigaCardProgram *program = g_task_get_source_object (task);
  CantigaSecret *pin = ((Letter *)g_task_get_task_data (task))->pin;
  GError *error = NULL;

  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (requests), result, NULL, &error))
    g_task_return_error (task, error);
  else if (pin == NULL)
    read_answer (task);
  else
    g_output_stream_write_all_async (G_OUTPUT_STREAM (requests), cantiga_secret_bytes (pin), cantiga_secret_length (pin), G_PRIORITY_DEFAULT,
                                     program->stopped, pin_written_cb, g_object_ref (task));
}

void
cantiga_card_program_ask_async (CantigaCardProgram *program, GBytes *line, CantigaSecret *pin, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (program, NULL, callback, user_data);
  Letter *letter = g_new0 (Letter, 1);
  gsize length;
  const void *bytes = g_bytes_get_data (line, &length);

  g_task_set_source_tag (task, cantiga_card_program_ask_async);
  letter->line = g_bytes_ref (line);
  letter->pin = pin;
  g_task_set_task_data (task, letter, (GDestroyNotify)letter_free);
  g_output_stream_write_all_async (g_subprocess_get_stdin_pipe (program->child), bytes, length, G_PRIORITY_DEFAULT, program->stopped, line_written_cb,
                                   task);
}

JsonObject *
cantiga_card_program_ask_finish (CantigaCardProgram *program, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
