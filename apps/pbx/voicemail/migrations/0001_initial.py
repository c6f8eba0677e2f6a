import apps.foundation.kit.clock
import apps.foundation.kit.ids
import django.db.models.manager
from django.db import migrations, models

from apps.foundation.kit.partitions import partitioned_table

COLUMNS = """
    id varchar(39) NOT NULL, month date NOT NULL, account_id varchar(32) NOT NULL, box_id varchar(32) NOT NULL,
    created timestamptz NOT NULL, folder varchar(8) NOT NULL, urgent boolean NOT NULL,
    caller_id_name varchar(128) NOT NULL, caller_id_number varchar(64) NOT NULL, from_uri varchar(255) NOT NULL,
    to_uri varchar(255) NOT NULL, call_id varchar(64) NOT NULL, length integer NOT NULL CHECK (length >= 0),
    file_id varchar(32) NOT NULL, introduction_id varchar(32) NOT NULL, transcription jsonb NOT NULL,
    history jsonb NOT NULL, mail_state varchar(8) NOT NULL, mail_error varchar(255) NOT NULL, PRIMARY KEY (id, month)
"""
INDEXES = ["account_id, box_id, folder, created", "file_id", "introduction_id"]


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Box',
            fields=[
                ('id', models.CharField(default=apps.foundation.kit.ids.new_id, editable=False, max_length=39, primary_key=True, serialize=False)),
                ('account_id', models.CharField(db_index=True, editable=False, max_length=32)),
                ('document', models.JSONField(blank=True, default=dict)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created', models.DateTimeField(default=apps.foundation.kit.clock.now)),
                ('modified', models.DateTimeField(default=apps.foundation.kit.clock.now)),
                ('deleted', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(max_length=128)),
                ('mailbox', models.CharField(max_length=30)),
                ('owner_id', models.CharField(blank=True, db_index=True, max_length=32, null=True)),
                ('pin_encrypted', models.TextField(blank=True, default='', editable=False)),
                ('failed_pins', models.PositiveIntegerField(default=0, editable=False)),
                ('locked_until', models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'across_accounts',
                'indexes': [models.Index(fields=['account_id', 'name'], name='voicemail_box_name')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('deleted', None)), fields=('account_id', 'mailbox'), name='voicemail_mailbox')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('across_accounts', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.CharField(max_length=39, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('account_id', models.CharField(max_length=32)),
                ('box_id', models.CharField(max_length=32)),
                ('created', models.DateTimeField()),
                ('folder', models.CharField(choices=[('new', 'New'), ('saved', 'Saved'), ('deleted', 'Deleted')], default='new', max_length=8)),
                ('urgent', models.BooleanField(default=False)),
                ('caller_id_name', models.CharField(blank=True, max_length=128)),
                ('caller_id_number', models.CharField(blank=True, max_length=64)),
                ('from_uri', models.CharField(blank=True, max_length=255)),
                ('to_uri', models.CharField(blank=True, max_length=255)),
                ('call_id', models.CharField(blank=True, max_length=64)),
                ('length', models.PositiveIntegerField(default=0)),
                ('file_id', models.CharField(blank=True, max_length=32)),
                ('introduction_id', models.CharField(blank=True, max_length=32)),
                ('transcription', models.JSONField(default=dict)),
                ('history', models.JSONField(default=list)),
                ('mail_state', models.CharField(choices=[('waiting', 'Waiting'), ('sent', 'Sent'), ('failed', 'Failed'), ('none', 'None')], default='waiting', max_length=8)),
                ('mail_error', models.CharField(blank=True, max_length=255)),
            ],
            options={
                'db_table': 'voicemail_message',
                'managed': False,
                'base_manager_name': 'across_accounts',
            },
        ),
        partitioned_table("voicemail_message", COLUMNS, INDEXES),
    ]
