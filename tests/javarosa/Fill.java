import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.javarosa.core.model.Constants;
import org.javarosa.core.model.FormDef;
import org.javarosa.core.model.FormIndex;
import org.javarosa.core.model.data.DecimalData;
import org.javarosa.core.model.data.GeoPointData;
import org.javarosa.core.model.data.IAnswerData;
import org.javarosa.core.model.data.IntegerData;
import org.javarosa.core.model.data.SelectOneData;
import org.javarosa.core.model.data.StringData;
import org.javarosa.core.model.data.helper.Selection;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.reference.PrefixedRootFactory;
import org.javarosa.core.reference.Reference;
import org.javarosa.core.reference.ReferenceManager;
import org.javarosa.core.services.IPropertyManager;
import org.javarosa.core.services.PropertyManager;
import org.javarosa.form.api.FormEntryController;
import org.javarosa.form.api.FormEntryModel;
import org.javarosa.form.api.FormEntryPrompt;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.model.xform.XFormsModule;
import org.javarosa.xform.util.XFormUtils;

/**
 * Fills a form in with JavaRosa, the engine of ODK Collect, and prints it as Collect sends it.
 *
 * <p>A folder holds form.xml, its CSV files, and answers.txt: a line "/data/number=2" for each
 * answer, and "/data/layer=3" for three layers. What the form refuses is said on stderr.
 */
public class Fill {
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Map<String, String> answers = new HashMap<>();
    for (String line : Files.readAllLines(folder.resolve("answers.txt"))) {
      answers.put(line.split("=", 2)[0], line.split("=", 2)[1]);
    }
    new XFormsModule().registerModule();
    PropertyManager.setPropertyManager(person(answers.getOrDefault("username", "")));
    ReferenceManager.instance().addReferenceFactory(new FilesOf(folder));
    FormDef form = XFormUtils.getFormFromFormXml(folder.resolve("form.xml").toString(), null);
    form.initialize(true, new InstanceInitializationFactory());
    fill(new FormEntryController(new FormEntryModel(form)), answers);
    form.postProcessInstance();
    byte[] xml = new XFormSerializingVisitor().serializeInstance(form.getInstance());
    System.out.println(new String(xml, StandardCharsets.UTF_8));
  }

  private static void fill(FormEntryController controller, Map<String, String> answers) {
    FormEntryModel model = controller.getModel();
    Map<String, Integer> begun = new HashMap<>();
    controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
    int event;
    while ((event = controller.stepToNextEvent()) != FormEntryController.EVENT_END_OF_FORM) {
      String path = path(model.getFormIndex());
      if (event == FormEntryController.EVENT_PROMPT_NEW_REPEAT) {
        String repeat = path.replaceAll("\\[\\d+\\]$", "");
        // The first of a repeat is there already.
        int count = begun.merge(repeat, 1, Integer::sum);
        if (count < Integer.parseInt(answers.getOrDefault(repeat, "1"))) {
          controller.newRepeat();
        }
      } else if (event == FormEntryController.EVENT_QUESTION && answers.containsKey(path)) {
        IAnswerData answer = read(model.getQuestionPrompt(), answers.get(path));
        if (controller.answerQuestion(answer, true) != FormEntryController.ANSWER_OK) {
          System.err.println("refused: " + path);
        }
      }
    }
  }

  /** Returns the path of a question; only places in a repeat stand in it. */
  private static String path(FormIndex index) {
    return index.getReference().toString().replaceAll("(?<!layer|photos)\\[1\\]", "");
  }

  private static IAnswerData read(FormEntryPrompt question, String text) {
    if (question.getControlType() == Constants.CONTROL_SELECT_ONE) {
      return question.getSelectChoices().stream()
          .filter(choice -> choice.getValue().equals(text))
          .map(choice -> (IAnswerData) new SelectOneData(new Selection(choice)))
          .findFirst()
          .orElseThrow(() -> new IllegalArgumentException("no choice " + text));
    }
    switch (question.getDataType()) {
      case Constants.DATATYPE_DECIMAL:
        return new DecimalData(Double.parseDouble(text));
      case Constants.DATATYPE_INTEGER:
        return new IntegerData(Integer.parseInt(text));
      case Constants.DATATYPE_GEOPOINT:
        String[] parts = text.split(" ");
        double[] point = new double[parts.length];
        for (int place = 0; place < parts.length; place++) {
          point[place] = Double.parseDouble(parts[place]);
        }
        return new GeoPointData(point);
      default:
        return new StringData(text);
    }
  }

  private static IPropertyManager person(String name) {
    return (IPropertyManager)
        Proxy.newProxyInstance(
            Fill.class.getClassLoader(),
            new Class<?>[] {IPropertyManager.class},
            (proxy, method, given) ->
                method.getName().equals("getSingularProperty") ? name : null);
  }

  /** The files of a form, which lie beside it. */
  private static class FilesOf extends PrefixedRootFactory {
    private final Path folder;

    FilesOf(Path folder) {
      super(new String[] {"file/", "file-csv/"});
      this.folder = folder;
    }

    @Override
    protected Reference factory(String name, String uri) {
      return new Reference() {
        @Override
        public boolean doesBinaryExist() {
          return true;
        }

        @Override
        public InputStream getStream() throws IOException {
          return new FileInputStream(getLocalURI());
        }

        @Override
        public String getURI() {
          return uri;
        }

        @Override
        public boolean isReadOnly() {
          return true;
        }

        @Override
        public OutputStream getOutputStream() {
          return null;
        }

        @Override
        public void remove() {}

        @Override
        public String getLocalURI() {
          return folder.resolve(name).toString();
        }

        @Override
        public Reference[] probeAlternativeReferences() {
          return new Reference[0];
        }
      };
    }
  }
}
