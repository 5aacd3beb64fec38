#include "ui/fold.h"

#include "ui/fold-layout.h"

struct _CantigaFold
{
  GtkWidget parent_instance;
};

G_DEFINE_FINAL_TYPE (CantigaFold, cantiga_fold, GTK_TYPE_WIDGET)

static void
cantiga_fold_dispose (GObject *object)
{
  GtkWidget *child;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (cantiga_fold_parent_class)->dispose (object);
}

static void
cantiga_fold_class_init (CantigaFoldClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = cantiga_fold_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), CANTIGA_TYPE_FOLD_LAYOUT);
}

static void
cantiga_fold_init (CantigaFold *self)
{
}
