"""What text models make of transcripts: summaries, answers, image prompts. All model work is a worker's."""
