from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("review", "0009_precedence")]

    operations = [
        migrations.AddField(model_name="ruletrip", name="held_until", field=models.DateTimeField(null=True))
    ]
