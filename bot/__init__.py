"""The assistant's mind: the engine, knowledge, privacy and answering."""
