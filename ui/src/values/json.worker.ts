self.onmessage = ({ data }: MessageEvent<string>) => {
  try {
    self.postMessage({ value: JSON.parse(data), error: "" });
  } catch (error) {
    self.postMessage({ value: null, error: String(error) });
  }
};
