import apps.foundation.kit.clock
import apps.foundation.kit.ids
import django.db.models.manager
from django.db import migrations, models

from apps.foundation.kit.partitions import partitioned_table

COLUMNS = """
    id varchar(39) NOT NULL, month date NOT NULL, account_id varchar(32) NOT NULL,
    wakeup_call_id varchar(32) NOT NULL, created timestamptz NOT NULL, due timestamptz NOT NULL,
    number smallint NOT NULL, result varchar(16) NOT NULL, reason varchar(128) NOT NULL,
    interaction_id varchar(64) NOT NULL, PRIMARY KEY (id, month)
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='WakeupAttempt',
            fields=[
                ('id', models.CharField(max_length=39, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('account_id', models.CharField(max_length=32)),
                ('wakeup_call_id', models.CharField(max_length=32)),
                ('created', models.DateTimeField()),
                ('due', models.DateTimeField()),
                ('number', models.PositiveSmallIntegerField(default=1)),
                ('result', models.CharField(choices=[('planned', 'Planned'), ('ringing', 'Ringing'), ('answered', 'Answered'), ('confirmed', 'Confirmed'), ('snoozed', 'Snoozed'), ('unanswered', 'Unanswered'), ('failed', 'Failed'), ('missed', 'Missed')], default='planned', max_length=16)),
                ('reason', models.CharField(blank=True, max_length=128)),
                ('interaction_id', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'db_table': 'wakeup_attempt',
                'managed': False,
                'base_manager_name': 'across_accounts',
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('across_accounts', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='WakeupCall',
            fields=[
                ('id', models.CharField(default=apps.foundation.kit.ids.new_id, editable=False, max_length=39, primary_key=True, serialize=False)),
                ('account_id', models.CharField(db_index=True, editable=False, max_length=32)),
                ('document', models.JSONField(blank=True, default=dict)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created', models.DateTimeField(default=apps.foundation.kit.clock.now)),
                ('modified', models.DateTimeField(default=apps.foundation.kit.clock.now)),
                ('deleted', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(blank=True, max_length=128, null=True)),
                ('device_id', models.CharField(blank=True, db_index=True, max_length=32, null=True)),
                ('owner_id', models.CharField(blank=True, db_index=True, max_length=32, null=True)),
                ('enabled', models.BooleanField(default=True)),
                ('due', models.DateTimeField(blank=True, editable=False, null=True)),
                ('act_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('is_ringing', models.BooleanField(default=False, editable=False)),
                ('attempt', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('attempt_id', models.CharField(blank=True, default='', editable=False, max_length=39)),
                ('snoozes', models.PositiveSmallIntegerField(default=0, editable=False)),
                ('last_call', models.DateTimeField(blank=True, editable=False, null=True)),
                ('last_result', models.CharField(blank=True, default='', editable=False, max_length=16)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'across_accounts',
                'indexes': [models.Index(fields=['account_id', 'created'], name='wakeup_calls_created'), models.Index(condition=models.Q(('act_at__isnull', False)), fields=['act_at'], name='wakeup_calls_act_at')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('across_accounts', django.db.models.manager.Manager()),
            ],
        ),
        partitioned_table("wakeup_attempt", COLUMNS, ["account_id, wakeup_call_id, created"]),
    ]
