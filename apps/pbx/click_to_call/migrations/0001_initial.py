import apps.foundation.kit.clock
import apps.foundation.kit.ids
import django.db.models.manager
from django.db import migrations, models

from apps.foundation.kit.partitions import partitioned_table

COLUMNS = """
    id varchar(39) NOT NULL, month date NOT NULL, account_id varchar(32) NOT NULL,
    click_to_call_id varchar(32) NOT NULL, created timestamptz NOT NULL, contact varchar(64) NOT NULL,
    extension varchar(64) NOT NULL, client_ip varchar(45) NOT NULL, interaction_id varchar(64) NOT NULL,
    refusal varchar(32) NOT NULL, PRIMARY KEY (id, month)
"""


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ClickToCall',
            fields=[
                ('id', models.CharField(default=apps.foundation.kit.ids.new_id, editable=False, max_length=39, primary_key=True, serialize=False)),
                ('account_id', models.CharField(db_index=True, editable=False, max_length=32)),
                ('document', models.JSONField(blank=True, default=dict)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('created', models.DateTimeField(default=apps.foundation.kit.clock.now)),
                ('modified', models.DateTimeField(default=apps.foundation.kit.clock.now)),
                ('deleted', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(max_length=128)),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'across_accounts',
                'indexes': [models.Index(fields=['account_id', 'name'], name='click_to_call_name')],
            },
            managers=[
                ('objects', django.db.models.manager.Manager()),
                ('across_accounts', django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name='ConnectAttempt',
            fields=[
                ('id', models.CharField(max_length=39, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('account_id', models.CharField(max_length=32)),
                ('click_to_call_id', models.CharField(max_length=32)),
                ('created', models.DateTimeField()),
                ('contact', models.CharField(blank=True, max_length=64)),
                ('extension', models.CharField(blank=True, max_length=64)),
                ('client_ip', models.CharField(blank=True, max_length=45)),
                ('interaction_id', models.CharField(blank=True, max_length=64)),
                ('refusal', models.CharField(blank=True, max_length=32)),
            ],
            options={
                'db_table': 'connect_attempt',
                'managed': False,
                'base_manager_name': 'across_accounts',
            },
        ),
        partitioned_table("connect_attempt", COLUMNS, ["account_id, click_to_call_id, created"]),
    ]
