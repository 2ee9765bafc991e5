from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('banks', '0006_corrections'),
    ]

    operations = [
        migrations.AddField(
            model_name='bankretraction',
            name='variant',
            field=models.CharField(blank=True, default='', max_length=64),
            preserve_default=False,
        ),
    ]
